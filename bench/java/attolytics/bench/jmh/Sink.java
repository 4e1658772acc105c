package attolytics.bench.jmh;

import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.core.BaseConnection;

/** In a database's place: takes all that is copied, at once, and keeps nothing. */
final class Sink extends HikariDataSource {
  private final CopyManager copy;
  private final Connection connection = that(Connection.class);

  Sink() throws SQLException {
    copy =
        new CopyManager(that(BaseConnection.class)) {
          private final CopyIn all = that(CopyIn.class);

          @Override
          public CopyIn copyIn(String statement) {
            return all;
          }
        };
  }

  @Override
  public Connection getConnection() {
    return connection;
  }

  private <T> T that(Class<T> type) {
    Object proxy =
        Proxy.newProxyInstance(
            Sink.class.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> answer(method, arguments));
    return type.cast(proxy);
  }

  /** Something of the type that is expected: yes, one, and more of the same. */
  private @Nullable Object answer(Method method, Object @Nullable [] arguments) {
    Class<?> type = method.getReturnType();
    if (arguments != null && arguments[0] instanceof Class<?> unwrapped) {
      type = unwrapped;
    }
    if (type == CopyManager.class) {
      return copy;
    } else if (type == boolean.class) {
      return true;
    } else if (type == int.class) {
      return 1;
    } else if (type == long.class) {
      return 1L;
    } else if (type == double.class) {
      return 1.0;
    } else if (type == String.class) {
      return "1";
    }
    return type.isInterface() ? that(type) : null;
  }
}
