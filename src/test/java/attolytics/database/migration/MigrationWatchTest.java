package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.settings.DatabaseUrl;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MigrationWatchTest {
  /** Else a SIGTERM would not end the migration any more. */
  @Test
  void watch_goesOnAfterAFailure() throws Exception {
    Connection connection =
        (Connection)
            Proxy.newProxyInstance(
                Connection.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (self, method, arguments) -> {
                  throw new IllegalStateException("is not to be used");
                });
    CountDownLatch looks = new CountDownLatch(2);
    MigrationWatch watch =
        new MigrationWatch(
            connection,
            DatabaseUrl.parse("postgres://user@localhost/nowhere"),
            new CountDownLatch(1),
            () -> {
              looks.countDown();
              throw new StackOverflowError();
            });
    try {
      assertTrue(looks.await(60, TimeUnit.SECONDS), "it does not look again");
    } finally {
      watch.close();
    }
  }
}
