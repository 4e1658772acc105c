package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A lock that somebody else holds, on a server that does not show who. */
@Timeout(60)
class AdvisoryLockTest {
  @Test
  void acquire_ofALockWhoseHolderIsNotShown_ends() {
    SQLException e =
        assertThrows(
            SQLException.class,
            () -> AdvisoryLock.TABLES.acquire(connection(), Duration.ZERO, Progress.IGNORED));
    assertEquals(DdlTransaction.LOCK_NOT_AVAILABLE, e.getSQLState());
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("waited 0 s for another session that creates tables"), message);
  }

  @Test
  void acquire_isEndedWhileItWaits() {
    Progress ended =
        () -> {
          throw new SQLException("ended");
        };
    SQLException e =
        assertThrows(
            SQLException.class,
            () -> AdvisoryLock.TABLES.acquire(connection(), Duration.ofDays(1), ended));
    assertEquals("ended", e.getMessage());
  }

  private static Connection connection() {
    ResultSet row = fake(ResultSet.class, method -> method.equals("getString") ? null : false);
    Statement sql = fake(Statement.class, method -> method.equals("executeQuery") ? row : null);
    return fake(Connection.class, method -> sql);
  }

  /**
   * @param results by the name of the method
   */
  private static <T> T fake(Class<T> type, Function<String, @Nullable Object> results) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> results.apply(method.getName())));
  }
}
