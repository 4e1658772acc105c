package attolytics.flush;

import attolytics.metrics.Metrics;
import java.lang.reflect.Proxy;

/** Metrics whose calls a test sees, and can make fail. */
final class ObservedMetrics {
  interface Observer {
    void called(String method, Object[] arguments);
  }

  private ObservedMetrics() {}

  static Metrics by(Observer observer) {
    return (Metrics)
        Proxy.newProxyInstance(
            Metrics.class.getClassLoader(),
            new Class<?>[] {Metrics.class},
            (self, method, arguments) -> {
              observer.called(method.getName(), arguments);
              return null;
            });
  }
}
