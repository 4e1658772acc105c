package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.postgresql.core.BaseConnection;

class WatchdogTest {
  private final AtomicLong now = new AtomicLong(1_000);
  private final Watchdog watchdog = new Watchdog(now::get);
  private int aborts;
  private boolean fails;

  private final Connection connection =
      Fake.of(
          BaseConnection.class,
          (self, method, arguments) -> {
            if (method.getName().equals("abort")) {
              aborts++;
            }
            if (fails) {
              throw new SQLException("of the test");
            }
            return method.getName().equals("unwrap") ? self : null;
          });

  @Test
  void connection_isAbortedOnce_afterItsDeadline() {
    watchdog.watch(connection, 1_500);
    now.set(1_500);
    watchdog.check();
    assertEquals(0, aborts);
    now.set(1_501);
    watchdog.check();
    assertEquals(1, aborts);
    watchdog.check();
    watchdog.abort();
    assertEquals(1, aborts);
    assertTrue(watchdog.release());
  }

  @Test
  void connection_thatIsReleased_isNotAborted() {
    watchdog.watch(connection, 1_500);
    assertFalse(watchdog.release());
    now.set(2_000);
    watchdog.check();
    watchdog.abort();
    assertEquals(0, aborts);
  }

  @Test
  void abort_doesNotWaitForTheDeadline() {
    watchdog.watch(connection, 1_500);
    watchdog.abort();
    watchdog.abort();
    assertEquals(1, aborts);
    assertTrue(watchdog.release());
  }

  @Test
  void nextConnection_isWatchedFromTheStart() {
    watchdog.watch(connection, 1_500);
    watchdog.abort();
    watchdog.watch(connection, 1_500);
    assertFalse(watchdog.release());
  }

  @Test
  void abortThatFails_countsAsOne() {
    fails = true;
    watchdog.watch(connection, 1_500);
    watchdog.abort();
    assertEquals(1, aborts);
    assertTrue(watchdog.release());
  }
}
