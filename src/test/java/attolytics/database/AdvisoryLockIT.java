package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertFalse;

import attolytics.Eventually;
import attolytics.Sql;
import java.sql.Connection;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;

@Timeout(120)
class AdvisoryLockIT extends EmptySchemaFixture {
  private static final String SHARE =
      "SELECT pg_advisory_xact_lock_shared(" + AdvisoryLock.TABLES.key() + ")";

  /** Of an instance that creates hundreds of tables, for example. */
  @Test
  void acquire_waitsForSeveralTransactions_eachAsLongAsForOne() throws Exception {
    CountDownLatch progress = new CountDownLatch(1);
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
                AdvisoryLock.TABLES.acquire(own, Duration.ofSeconds(5), progress::countDown);
                return null;
              });
      awaitAttempts(own);
      Sql.execute(second, SHARE);
      first.rollback();
      Eventually.await(() -> progress.getCount() == 0 || waiting.isDone());
      assertFalse(waiting.isDone());
      second.rollback();
      waiting.get();
    } finally {
      executor.shutdownNow();
    }
  }

  /** After the second it has looked up who holds the lock. */
  private void awaitAttempts(Connection of) throws Exception {
    Set<String> attempts = new HashSet<>();
    String query =
        "SELECT query_start FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory%' AND pid = "
            + of.unwrap(PGConnection.class).getBackendPID();
    Eventually.await(
        () -> {
          attempts.addAll(query(query));
          return attempts.size() > 2;
        });
  }
}
