package attolytics.flush.transaction;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/** Stands for a large interface of which a test needs a method or two. */
final class Fake {
  private Fake() {}

  static <F> F of(Class<F> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
