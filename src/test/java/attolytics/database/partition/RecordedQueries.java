package attolytics.database.partition;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection that notes what its simple statements are asked to query. */
final class RecordedQueries {
  private final List<String> queries = new ArrayList<>();
  private final Connection connection;

  RecordedQueries(Connection recorded) {
    connection = around(Connection.class, recorded);
  }

  Connection connection() {
    return connection;
  }

  long count(String part) {
    return queries.stream().filter(query -> query.contains(part)).count();
  }

  private <T> T around(Class<T> type, T recorded) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> call(recorded, method, arguments)));
  }

  private @Nullable Object call(Object recorded, Method method, Object @Nullable [] arguments)
      throws Throwable {
    if (method.getName().equals("executeQuery") && arguments != null) {
      queries.add((String) arguments[0]);
    }
    try {
      Object result = method.invoke(recorded, arguments);
      return method.getName().equals("createStatement")
          ? around(Statement.class, (Statement) result)
          : result;
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }
}
