package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.CommandResult;
import attolytics.database.AdvisoryLock;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/** {@code attolytics migrate} beside writers, other migrations, and timeouts. */
class MigrateConcurrencyIT extends MigrateFixture {
  @Test
  void lockThatIsNotToBeHad_holdsUpNoWriterForLong_andIsHadInTheEnd() throws Exception {
    sql("CREATE TABLE t (y text)");
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection reader = database.connect();
        Statement reading = reader.createStatement()) {
      reader.setAutoCommit(false);
      reading.execute("LOCK TABLE t IN ACCESS SHARE MODE");
      Future<Integer> exit = executor.submit(() -> apply(withX("required: true"), LONG));
      Eventually.await(
          () ->
              !query(
                      "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE%' AND state <> 'idle' AND datname = current_database()")
                  .isEmpty());
      for (int i = 0; i < 20; i++) {
        sql("SET lock_timeout = '30s'; INSERT INTO t (y) VALUES ('written while it waits')");
      }
      assertTrue(!exit.isDone());
      reader.rollback();
      assertEquals(0, exit.get());
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("x character varying f", "y text f"), columns());
  }

  @Test
  void lockThatIsNeverHad_isGivenUp() throws Exception {
    sql("CREATE TABLE t (y text)");
    try (Connection reader = database.connect();
        Statement reading = reader.createStatement()) {
      reader.setAutoCommit(false);
      reading.execute("LOCK TABLE t IN ACCESS SHARE MODE");

      StartException e =
          assertTimeoutPreemptively(
              PATIENCE,
              () ->
                  assertThrows(StartException.class, () -> apply(withX("required: true"), SHORT)));

      assertTrue(
          e.problems().get(0).contains("other sessions hold conflicting locks"), e.getMessage());
    }
    assertEquals(List.of("y text f"), columns());
  }

  @Test
  void manyAtOnce_takeTurns() throws Exception {
    sql("CREATE TABLE t (y text)");
    String schema = withX("indexed: true");
    ExecutorService executor = Executors.newCachedThreadPool();
    try {
      List<Callable<Integer>> all = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        all.add(() -> apply(schema, LONG));
        all.add(
            () ->
                CommandResult.of(
                        Map.of(),
                        "--migrate",
                        "--schema=" + file(schema),
                        "--db_url=" + database.url(),
                        "--port=0",
                        "--admin_port=0")
                    .exitCode());
      }
      for (Future<Integer> exit : executor.invokeAll(all)) {
        assertEquals(0, exit.get());
      }
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  /** It makes no writer wait, so it is not cancelled: it would have to start again each time. */
  @Test
  void indexThatIsBuiltConcurrently_waitsForOthersAsLongAsTheyTake() throws Exception {
    sql("CREATE TABLE t (x text)");
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = database.connect();
        Statement open = other.createStatement()) {
      other.setAutoCommit(false);
      open.execute("INSERT INTO t VALUES ('a')");
      Future<Integer> exit = executor.submit(() -> apply(withX("indexed: true"), SHORT));
      Eventually.await(
          () ->
              exit.isDone()
                  || !query(
                          "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' AND now() - query_start > '1s' AND datname = current_database()")
                      .isEmpty());
      other.rollback();
      assertEquals(0, exit.get());
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  @Test
  void migration_waitsForItsTurn() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<Integer> exit;
      try (Connection other = haveTheTurn()) {
        exit = executor.submit(() -> apply(withX("indexed: true"), LONG));
        awaitWaitForTurn(exit);
        assertFalse(exit.isDone());
        assertTrue(other.isValid(0));
      }
      assertEquals(0, exit.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  @Test
  void turnThatIsNeverHad_isGivenUp_andItsHolderNamed() throws Exception {
    try (Connection other = haveTheTurn()) {
      StartException e =
          assertThrows(StartException.class, () -> apply(withX("indexed: true"), SHORT));
      int pid = other.unwrap(PGConnection.class).getBackendPID();
      assertTrue(String.valueOf(e.getMessage()).contains("has not ended within"), e.getMessage());
      assertTrue(String.valueOf(e.getMessage()).contains("pid " + pid + " ("), e.getMessage());
    }
  }

  /** What the role has of limits does not break the building of an index off. */
  @Test
  void timeoutsOfTheRole_endNoMigration() throws Exception {
    sql("CREATE TABLE t (x text)");
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = database.connect();
        Statement open = other.createStatement()) {
      setTimeouts(); // of sessions that begin from now on
      other.setAutoCommit(false);
      open.execute("INSERT INTO t VALUES ('a')");
      Future<Integer> exit = executor.submit(() -> apply(withX("indexed: true"), LONG));
      // Longer than the timeouts: the index waits for the end of this transaction.
      open.execute("SELECT pg_sleep(1.5)");
      other.commit();
      assertEquals(0, exit.get());
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  private void setTimeouts() throws SQLException {
    sql(
        "DO $$ DECLARE name TEXT; BEGIN FOR name IN SELECT s.name FROM pg_settings s WHERE s.name IN"
            + " ('statement_timeout', 'lock_timeout', 'transaction_timeout') LOOP"
            + " EXECUTE format('ALTER DATABASE %I SET %I = 1000', current_database(), name);"
            + " END LOOP; END $$");
  }

  @Test
  void stop_endsTheWaitForATurn() throws Exception {
    CountDownLatch stop = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = haveTheTurn()) {
      Future<Integer> exit = executor.submit(() -> apply(withX("indexed: true"), LONG, stop));
      awaitWaitForTurn(exit);
      stop.countDown();
      assertInstanceOf(InterruptedException.class, causeOfEnd(exit));
      assertTrue(other.isValid(0));
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of(), query("SELECT 1 FROM pg_class WHERE relname = 't'"));
  }

  private Connection haveTheTurn() throws SQLException {
    Connection connection = database.connect();
    assertTrue(AdvisoryLock.MIGRATION.hold(connection));
    try (Statement sql = connection.createStatement()) {
      sql.execute("SELECT 'last, so that it does not look like one that waits'");
    }
    return connection;
  }

  /** Until it has asked twice who has it. */
  private void awaitWaitForTurn(Future<?> migration) throws Exception {
    Set<String> asked = new HashSet<>();
    Eventually.await(
        () -> {
          asked.addAll(
              query(
                  "SELECT query_start FROM pg_stat_activity WHERE datname = current_database()"
                      + " AND query LIKE '%FROM pg_catalog.pg_locks%' AND pid <> pg_backend_pid()"));
          return asked.size() >= 2 || migration.isDone();
        });
  }

  private static @Nullable Throwable causeOfEnd(Future<?> migration) {
    return assertThrows(
            ExecutionException.class, () -> migration.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .getCause();
  }

  /** The index waits for the transaction; told to stop, the migration does not. */
  @Test
  void stop_endsItInTheMidst_andTheNextOneGoesOnFromThere() throws Exception {
    sql("CREATE TABLE t (x text)");
    String schema = withX("indexed: true");
    CountDownLatch stop = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = database.connect();
        Statement open = other.createStatement()) {
      other.setAutoCommit(false);
      open.execute("INSERT INTO t VALUES ('a')");
      Future<?> migration = executor.submit(() -> apply(schema, LONG, stop));
      Eventually.await(
          () ->
              !query(
                      "SELECT 1 FROM pg_stat_progress_create_index WHERE datname = current_database() AND phase LIKE 'waiting%'")
                  .isEmpty());
      stop.countDown();
      assertInstanceOf(InterruptedException.class, causeOfEnd(migration));
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x f"), indexes("t"));
    assertEquals(0, apply(schema, LONG));
    assertEquals(List.of("btree x t"), indexes("t"));
  }
}
