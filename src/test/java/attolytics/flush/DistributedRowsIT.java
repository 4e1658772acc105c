package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.flush.transaction.JdbcFlushDatabase;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.metrics.Metrics;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A cluster's coordinator tells less of what its workers say than a single server does. Here a
 * trigger speaks for it; CitusIT has the real one.
 */
@Timeout(120)
class DistributedRowsIT {
  private static final Column ID = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);
  private static final Table DISTRIBUTED = new Table("t", 0, List.of(ID), null, ID);
  private static final Table LOCAL = new Table("u", 1, List.of(ID));

  /** Hides why from a COPY, and tells it to an INSERT. */
  private static final String HIDE =
      """
      CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.id % 10 = 3 AND current_query() LIKE 'COPY %' THEN
            RAISE 'a worker refuses the row' USING ERRCODE = 'XX000';
          ELSIF NEW.id = 13 THEN
            RAISE 'a row twice' USING ERRCODE = 'unique_violation';
          ELSIF NEW.id = 23 THEN
            RAISE 'a bad row' USING ERRCODE = 'check_violation';
          ELSIF NEW.id = 33 THEN
            RAISE 'trouble' USING ERRCODE = 'XX000';
          END IF;
          RETURN NEW;
        END $$
      """;

  private static final String AWAY =
      """
      CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE 'connection to the remote node failed' USING ERRCODE = '08006';
        END $$
      """;

  private static final String AGREE =
      """
      CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RETURN NEW; END $$
      """;

  private final Map<Long, Outcome> outcomes = new TreeMap<>();
  private TestDatabase database;
  private HikariDataSource pool;
  private Flusher flusher;

  @BeforeEach
  void create() throws SQLException {
    database = TestDatabase.create();
    pool = database.pool();
    flusher =
        new Flusher(
            new JdbcFlushDatabase(
                pool, OutcomeLookup.BY_TRANSACTION, Duration.ofDays(7), NanoClock.SYSTEM),
            new Arrivals(new Ring(2), System.nanoTime()),
            Duration.ofMinutes(1),
            new DeferredShare(Long.MAX_VALUE, 1),
            Metrics.NONE,
            new OutageLog(NanoClock.SYSTEM, status -> 0),
            NanoClock.SYSTEM);
    database.execute("CREATE TABLE t (id int8)", "CREATE TABLE u (id int8)", AGREE);
    database.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse()");
  }

  @AfterEach
  void drop() throws SQLException {
    pool.close();
    database.close();
  }

  private Batch batch(Table table, long... ids) {
    Batch batch = new Batch(1 << 16);
    for (long id : ids) {
      batch.rows().putShort(1);
      batch.rows().putField8(id);
      batch.endRow(table);
    }
    batch.accept(outcome -> outcomes.put(ids[0], outcome), System.nanoTime());
    return batch;
  }

  private Outcome.Kind kind(long id) {
    Outcome outcome = outcomes.get(id);
    assertTrue(outcome != null, "not settled: " + id);
    return outcome.kind();
  }

  @Test
  void badRow_whoseCopyFailsWithoutASqlState_isToldByAnInsert() throws Exception {
    database.execute(HIDE);
    List<Batch> batches = new ArrayList<>();
    for (long id = 10; id < 30; id++) {
      batches.add(batch(DISTRIBUTED, id));
    }
    flusher.flush(batches);
    while (flusher.hasDeferred()) {
      flusher.writeDeferred(1);
    }
    for (long id = 10; id < 30; id++) {
      Outcome.Kind expected =
          id == 13 ? Outcome.Kind.CONFLICT : id == 23 ? Outcome.Kind.REFUSED : Outcome.Kind.STORED;
      assertEquals(expected, kind(id), "id " + id);
    }
    assertEquals("18", database.value("SELECT count(*) FROM t WHERE id NOT IN (13, 23)"));
    assertEquals("18", database.value("SELECT count(*) FROM t"));
  }

  /** It is stored by the INSERT then: all of it, whatever tables it is for. */
  @Test
  void goodRow_thatAnInsertGetsIn_isStoredOnce() throws Exception {
    database.execute(HIDE);
    Batch mixed = batch(DISTRIBUTED, 43, 44);
    for (long id : new long[] {45, 46}) {
      mixed.rows().putShort(1);
      mixed.rows().putField8(id);
      mixed.endRow(LOCAL);
    }
    flusher.flush(List.of(mixed));
    assertEquals(Outcome.Kind.STORED, kind(43));
    assertEquals("43,44", database.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM t"));
    assertEquals("45,46", database.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM u"));
  }

  @Test
  void trouble_thatAnInsertDoesNotExplain_isWaitedOut() throws Exception {
    database.execute(HIDE);
    flusher.flush(List.of(batch(DISTRIBUTED, 33), batch(DISTRIBUTED, 34)));
    assertEquals(Outcome.Kind.STORED, kind(34));
    assertTrue(flusher.hasDeferred());
    assertFalse(outcomes.containsKey(33L));
    database.execute(AGREE);
    Eventually.await(() -> flusher.untilRetry() == 0);
    flusher.writeDeferred(1);
    assertEquals(Outcome.Kind.STORED, kind(33));
    assertEquals("2", database.value("SELECT count(*) FROM t"));
  }

  /** The INSERT begins with a COPY, too. */
  @Test
  void cause_thatIsHiddenFromTheInsertAsWell_isWaitedOut() throws Exception {
    database.execute(
        HIDE,
        """
        CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
          BEGIN
            CREATE TRIGGER refuse BEFORE INSERT ON attolytics_rows_0
              FOR EACH ROW EXECUTE FUNCTION public.refuse();
          END $$
        """,
        "CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE')"
            + " EXECUTE FUNCTION watch()");
    flusher.flush(List.of(batch(DISTRIBUTED, 43), batch(LOCAL, 44)));
    assertEquals(Outcome.Kind.STORED, kind(44));
    assertTrue(flusher.hasDeferred());
    database.execute("DROP EVENT TRIGGER watch");
    Eventually.await(() -> flusher.untilRetry() == 0);
    flusher.writeDeferred(1);
    assertEquals(Outcome.Kind.STORED, kind(43));
    assertEquals("1", database.value("SELECT count(*) FROM t"));
  }

  @Test
  void otherMachineThatIsAway_holdsUpItsTableOnly() throws Exception {
    database.execute(AWAY);
    flusher.flush(
        List.of(batch(DISTRIBUTED, 1), batch(LOCAL, 2), batch(DISTRIBUTED, 3), batch(LOCAL, 4)));
    assertEquals(List.of(2L, 4L), List.copyOf(outcomes.keySet()));
    assertEquals(2, flusher.deferredRows());
    flusher.flush(List.of(batch(DISTRIBUTED, 5), batch(LOCAL, 6))); // without another try
    assertEquals(Outcome.Kind.STORED, kind(6));
    database.execute(AGREE);
    Eventually.await(
        () -> {
          flusher.writeDeferred(1);
          return !flusher.hasDeferred();
        });
    assertEquals("1,3,5", database.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM t"));
    assertEquals("2,4,6", database.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM u"));
  }
}
