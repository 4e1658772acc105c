package attolytics.app;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signals that ask the process to stop, or to reload. A shutdown hook could neither set the
 * exit code nor hear a second signal, so this goes by {@code sun.misc.Signal}: reflectively, as the
 * compiler warns of it in a way that cannot be silenced.
 */
public final class Signals {
  private static final Logger log = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  /** Calls back on each SIGTERM and SIGINT from now on, instead of ending the process. */
  public static void onStop(Runnable stop) {
    on(stop, "TERM");
    on(stop, "INT");
  }

  /** Calls back on each SIGHUP from now on, where there is such a signal. */
  public static void onReload(Runnable reload) {
    on(reload, "HUP");
  }

  private static void on(Runnable action, String name) {
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
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (InvocationTargetException e) {
      // Windows has no such signal, or the JVM keeps it for itself.
      log.warn("SIG{} is not heard: {}", name, String.valueOf(e.getCause()));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM has no sun.misc.Signal", e);
    }
  }
}
