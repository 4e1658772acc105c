package attolytics.app;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handlers for the signals that stop the process, or reload the schema file. A shutdown hook could
 * neither set the exit code nor handle a second signal, so this uses {@code sun.misc.Signal}, by
 * reflection because the compiler's warning about it cannot be suppressed.
 */
public final class Signals {
  private static final Logger log = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  /** Runs the action on each SIGTERM and SIGINT from now on, which no longer end the process. */
  public static void onStop(Runnable action) {
    handle("TERM", action);
    handle("INT", action);
  }

  /** Runs the action on each SIGHUP from now on, if the platform has that signal. */
  public static void onReload(Runnable action) {
    if (!handle("HUP", action)) {
      log.warn(
          "SIGHUP is ignored since the start of the process, as under nohup: the schema file cannot"
              + " be reloaded; start the service with setsid instead of nohup, or with systemd");
    }
  }

  /**
   * Returns whether the signal is not ignored. One that was ignored when the process started stays
   * so: the JVM leaves it alone.
   */
  private static boolean handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      Object before =
          signal
              .getMethod("handle", signal, handler)
              .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
      return before != handler.getField("SIG_IGN").get(null);
    } catch (InvocationTargetException e) {
      // Windows has no such signal, or the JVM uses it itself.
      log.warn("Cannot install a handler for SIG{}: {}", name, String.valueOf(e.getCause()));
      return true;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM has no sun.misc.Signal", e);
    }
  }
}
