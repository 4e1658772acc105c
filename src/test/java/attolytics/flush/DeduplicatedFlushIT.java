package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.TestDatabase;
import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.LenientRequest;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.database.IdempotencyTable;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.FlushTransaction;
import attolytics.flush.transaction.JdbcFlushDatabase;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.flush.transaction.TimeLimits;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Transactions on a table with {@code deduplicate_by}: what they count, and which row fails. */
@Timeout(300)
class DeduplicatedFlushIT {
  private static final Column ID = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);
  private static final Table TABLE = new Table(null, "t", 0, List.of(ID), null, null, List.of(ID));
  private static final Table OTHER = new Table("u", 1, List.of(ID));
  private static final TimeLimits LIMITS =
      new TimeLimits(1_000, Duration.ofSeconds(10).toNanos(), Duration.ofSeconds(30).toNanos());

  /** Answers with the number of duplicates. */
  private static final LenientRequest LENIENT =
      new LenientRequest() {
        @Override
        public boolean quarantine(int event, String code, String detail) {
          return false;
        }

        @Override
        public String answer(int duplicates) {
          return "left out: " + duplicates;
        }
      };

  private TestDatabase database;
  private HikariDataSource pool;
  private FlushTransaction transaction;

  @BeforeEach
  void create() throws SQLException {
    database = TestDatabase.create();
    pool = database.pool();
    transaction =
        new FlushTransaction(
            new JdbcFlushDatabase(
                pool, OutcomeLookup.BY_TRANSACTION, Duration.ofDays(7), NanoClock.SYSTEM));
    database.execute("CREATE TABLE t (id int8 UNIQUE CHECK (id <> 13))");
    database.execute("CREATE TABLE u (id int8)");
    for (String statement : IdempotencyTable.TABLE.creation()) {
      database.execute(statement);
    }
  }

  @AfterEach
  void drop() throws SQLException {
    pool.close();
    database.close();
  }

  private static void add(Batch batch, Table table, long... ids) {
    for (long id : ids) {
      batch.rows().putShort(1);
      batch.rows().putField8(id);
      batch.endRow(table);
    }
  }

  private static Batch batch(long... ids) {
    Batch batch = new Batch(1 << 16);
    add(batch, TABLE, ids);
    return batch;
  }

  private static Batch lenient(String key, long... ids) {
    Batch batch = batch(ids);
    batch.identify(new IdempotencyKey("a", key, new byte[32]));
    batch.handleLeniently(LENIENT, 0);
    return batch;
  }

  @Test
  void run_countsWhatIsLeftOut_requestByRequestAndRunByRun() throws Exception {
    Batch first = batch(1, 2);
    Batch mixed = batch(2, 3);
    add(mixed, OTHER, 1, 1);
    add(mixed, TABLE, 3, 4, 1);

    transaction.run(List.of(first, mixed), LIMITS, false);

    assertEquals(0, first.duplicates());
    assertEquals(3, mixed.duplicates());
    assertEquals(1, mixed.runDuplicates(0));
    assertEquals(0, mixed.runDuplicates(1));
    assertEquals(2, mixed.runDuplicates(2));
    assertEquals("4", database.value("SELECT count(*) FROM t"));
    assertEquals("2", database.value("SELECT count(*) FROM u"));
  }

  @Test
  void run_again_beginsToCountAgain() throws Exception {
    Batch batch = batch(1, 13, 1);
    assertThrows(FlushException.class, () -> transaction.run(List.of(batch), LIMITS, false));
    database.execute("ALTER TABLE t DROP CONSTRAINT t_id_check");
    transaction.run(List.of(batch), LIMITS, false);
    assertEquals(1, batch.duplicates());
    database.execute("DELETE FROM t");
    batch.clear();
    add(batch, TABLE, 1, 2);
    transaction.run(List.of(batch), LIMITS, false);
    assertEquals(0, batch.duplicates());
  }

  @Test
  void run_storesTheAnswerOfALenientRequest_withWhatIsLeftOut() throws Exception {
    Batch one = lenient("one", 1, 2);
    Batch two = lenient("two", 2, 3, 1);
    Batch strict = batch(1);
    strict.identify(new IdempotencyKey("a", "three", new byte[32]));

    transaction.run(List.of(one, two, strict), LIMITS, false);

    String answer = "SELECT answer FROM attolytics_idempotency WHERE key = '%s'";
    assertEquals("left out: 0", database.value(answer.formatted("one")));
    assertEquals("left out: 2", database.value(answer.formatted("two")));
    assertEquals("null", database.value(answer.formatted("three")));

    Batch again = lenient("two", 2, 3, 1);
    Map<Batch, Outcome> known = transaction.run(List.of(again), LIMITS, false);
    Outcome outcome = known.get(again);
    assertNotNull(outcome);
    assertEquals("left out: 2", outcome.detail());
  }

  @Test
  void run_refusedRow_isLocated_inBothWays() throws Exception {
    database.execute("INSERT INTO t VALUES (2)");
    Batch first = batch(1, 2);
    Batch bad = batch(3);
    add(bad, OTHER, 5);
    add(bad, TABLE, 1, 13, 4);
    Batch last = batch(6);
    for (boolean byInsert : List.of(false, true)) {
      FlushException failure =
          assertThrows(
              FlushException.class,
              () -> transaction.run(List.of(first, bad, last), LIMITS, byInsert));
      assertEquals(byInsert ? Stage.INSERT : Stage.COPY, failure.stage());
      assertEquals("23514", failure.sql().getSQLState());
      assertSame(bad, failure.failedBatch());
      assertEquals(3, failure.event());
      assertEquals("1", database.value("SELECT count(*) FROM t"));
    }
  }

  /** Each attempt of the search would take as long. */
  @Test
  void run_refusedRow_thatIsSlow_isOnlyLocatedInALoneRequest() throws Exception {
    database.execute(
        "CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN PERFORM pg_sleep(1.1); RETURN NEW; END $$",
        "CREATE TRIGGER doze BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.id = 13)"
            + " EXECUTE FUNCTION doze()");
    Batch bad = batch(4, 13);
    for (List<Batch> batches : List.of(List.of(batch(1, 2, 3), bad), List.of(bad))) {
      FlushException failure =
          assertThrows(FlushException.class, () -> transaction.run(batches, LIMITS, true));
      assertEquals("23514", failure.sql().getSQLState());
      assertSame(batches.size() > 1 ? null : bad, failure.failedBatch());
    }
  }

  /** The INSERT goes by the keys, and meets another row first. */
  @Test
  void run_refusedRow_isTheOneOfItsError() throws Exception {
    database.execute("CREATE UNIQUE INDEX ON t ((id % 100))", "INSERT INTO t VALUES (105)");
    Batch bad = batch(1, 213, 5);
    database.execute("ALTER TABLE t ADD CHECK (id <> 213)");
    FlushException failure =
        assertThrows(FlushException.class, () -> transaction.run(List.of(bad), LIMITS, true));
    assertEquals(1, failure.event());
    assertEquals("23514", failure.sql().getSQLState());
  }

  @Test
  void run_lockedTable_isAFailureOfNoRow() throws Exception {
    try (Connection blocker = database.connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      FlushException failure =
          assertThrows(
              FlushException.class, () -> transaction.run(List.of(batch(1)), LIMITS, false));
      assertEquals(Stage.COPY_START, failure.stage());
      assertEquals("55P03", failure.sql().getSQLState());
      assertNull(failure.failedBatch());
    }
  }

  @Test
  void run_lostTable_isAFailureOfNoRow_inBothWays() throws Exception {
    database.execute("ALTER TABLE t RENAME TO gone");
    for (boolean byInsert : List.of(false, true)) {
      FlushException failure =
          assertThrows(
              FlushException.class, () -> transaction.run(List.of(batch(1)), LIMITS, byInsert));
      assertEquals(Stage.COPY_START, failure.stage());
      assertEquals("42P01", failure.sql().getSQLState());
    }
  }
}
