package attolytics.app;

import java.lang.reflect.Proxy;

/**
 * The signals that ask the process to stop. A shutdown hook could neither set the exit code nor
 * hear a second signal, so this goes by {@code sun.misc.Signal}: reflectively, as the compiler
 * warns of it in a way that cannot be silenced.
 */
final class Signals {
  private Signals() {}

  /** Calls back on each SIGTERM and SIGINT from now on, instead of ending the process. */
  static void onStop(Runnable stop) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  stop.run();
                }
                return null;
              });
      for (String name : new String[] {"TERM", "INT"}) {
        signal
            .getMethod("handle", signal, handler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM has no sun.misc.Signal", e);
    }
  }
}
