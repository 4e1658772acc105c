package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertFalse;

import attolytics.Eventually;
import attolytics.Sql;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class AdvisoryLockIT extends EmptySchemaFixture {
  private static final String SHARE =
      "SELECT pg_advisory_xact_lock_shared(" + AdvisoryLock.TABLES.key() + ")";

  /** Of an instance that creates hundreds of tables, for example. */
  @Test
  void acquire_waitsForSeveralTransactions_eachAsLongAsForOne() throws Exception {
    Duration timeout = Duration.ofSeconds(5);
    AtomicInteger attempts = new AtomicInteger();
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection first = database.connect();
        Connection second = database.connect();
        Connection own = database.connect()) {
      first.setAutoCommit(false);
      second.setAutoCommit(false);
      own.setAutoCommit(false);
      Sql.execute(first, SHARE);
      Future<?> waiting =
          executor.submit(
              () -> {
                AdvisoryLock.TABLES.acquire(own, timeout, attempts::incrementAndGet);
                return null;
              });
      Eventually.await(() -> attempts.get() > 2); // after the second it knows who holds the lock
      long deadline = System.nanoTime() + timeout.toNanos();
      Sql.execute(second, SHARE);
      first.rollback();
      Eventually.await(() -> System.nanoTime() - deadline > 0 || waiting.isDone());
      int late = attempts.get();
      Eventually.await(() -> attempts.get() > late + 2 || waiting.isDone());
      assertFalse(waiting.isDone());
      second.rollback();
      waiting.get();
    } finally {
      executor.shutdownNow();
    }
  }
}
