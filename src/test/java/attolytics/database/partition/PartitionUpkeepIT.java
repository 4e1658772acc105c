package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.Eventually;
import attolytics.database.AdvisoryLock;
import attolytics.database.migration.DatabaseTables;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Partitions that are created and dropped as time passes. */
class PartitionUpkeepIT extends PartitionsFixture {
  @Test
  void make_makesWhatIsMissing_andThenNothing() throws SQLException {
    Table table = table("day", null);
    DatabaseTables.prepare(connection, schema(table), NOW);

    assertEquals(List.of(), make(table, NOW));
    assertEquals(
        List.of(
            "ALTER TABLE public.t ATTACH PARTITION public.\"t_20240307\""
                + " FOR VALUES FROM ('2024-03-07 00:00:00+00') TO ('2024-03-08 00:00:00+00')"),
        make(table, NOW.plus(DAY)));
    assertEquals(List.of(), make(table, NOW.plus(DAY)));
    assertEquals(
        new PartitionUpkeep.State(10, Instant.parse("2024-03-08T00:00:00Z")),
        PartitionUpkeep.of(connection, table).state(NOW.plus(DAY)));
  }

  /** There may be very many. */
  @Test
  void make_readsTheNamesOfTheDatabaseOnlyForWhatIsMissing() throws SQLException {
    Table table = table("day", null);
    DatabaseTables.prepare(connection, schema(table), NOW);
    RecordedQueries queries = new RecordedQueries(connection);
    PartitionUpkeep.of(queries.connection(), table).create(NOW.plus(DAY), statement -> {});
    assertEquals(1, queries.count("FROM pg_catalog.pg_type"));
    assertEquals(10, partitions().size());
  }

  @Test
  void drop_dropsWhatIsPastItsRetention_withAMargin() throws SQLException {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql("INSERT INTO t VALUES ('2024-02-26 12:00Z'), ('2024-02-28 12:00Z')");

    assertEquals(List.of(), drop(table, Instant.parse("2024-03-01T00:59:59Z")));
    assertEquals(
        List.of("DROP TABLE public.t_20240226"),
        drop(table, Instant.parse("2024-03-01T01:00:00Z")));
    assertEquals(List.of("2024-02-28"), query("SELECT time::date FROM t"));
    assertEquals(
        List.of("DROP TABLE public.t_20240228"),
        drop(table, Instant.parse("2024-03-02T01:00:00Z")));
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname ~ 't_2024022[678]'"));
  }

  @Test
  void withoutRetention_nothingIsDropped() throws SQLException {
    Table table = table("day", null);
    DatabaseTables.prepare(connection, schema(table), NOW);
    assertEquals(List.of(), drop(table, Instant.now()));
    assertEquals(9, partitions().size());
  }

  /** A wrong clock of one machine must not cost all data. */
  @Test
  void drop_takesBothClocks() throws SQLException {
    Instant now = Instant.now();
    Table table = table("day", "90 days");
    DatabaseTables.prepare(connection, schema(table), now);
    assertEquals(List.of(), drop(table, Instant.parse("2106-02-07T06:28:15Z")));
    assertEquals(9, partitions().size());
  }

  @Test
  void whatTheServiceHasNotMade_stays() throws SQLException {
    Table table = table("day", "2 days");
    sql(
        "CREATE TABLE t (time timestamptz NOT NULL, s varchar) PARTITION BY RANGE (time)",
        // A foreign one, one of ours whose comment is gone, and one whose comment lies.
        "CREATE TABLE t_20240101 PARTITION OF t FOR VALUES FROM ('2024-01-01Z') TO ('2024-01-02Z')");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql(
        "COMMENT ON TABLE t_20240228 IS NULL",
        "COMMENT ON TABLE t_20240229 IS 'made by attolytics: partition of \"t\" FOR VALUES FROM"
            + " (''2024-02-28 00:00:00+00'') TO (''2024-02-29 00:00:00+00'')'",
        // Tables that are none of its partitions.
        "CREATE TABLE t_20240102 (LIKE t)",
        "CREATE TABLE t_20240103 (LIKE t)",
        "COMMENT ON TABLE t_20240103 IS 'made by attolytics: partition of \"t\" FOR VALUES FROM"
            + " (''2024-01-03 00:00:00+00'') TO (''2024-01-04 00:00:00+00'')'",
        // One of ours that somebody has detached to keep it.
        "ALTER TABLE t DETACH PARTITION t_20240301");

    assertEquals(
        List.of("DROP TABLE public.t_20240226", "DROP TABLE public.t_20240302"),
        drop(table, Instant.parse("2024-03-05T01:00:00Z")).stream().sorted().toList());
    assertEquals(
        List.of("t_20240101", "t_20240102", "t_20240103", "t_20240228", "t_20240229", "t_20240301"),
        query(
            "SELECT relname FROM pg_class WHERE relname ~ '^t_2024' AND relkind = 'r'"
                + " AND relname < 't_20240303' ORDER BY 1"));
  }

  /** As after a crash between the DETACH and the DROP. */
  @Test
  void partitionThatWasDetachedToBeDropped_isDroppedByTheNextOne() throws SQLException {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    ExistingPartitions.Partition first = partition("t_20240226");
    sql(
        PartitionSql.comment(
            first.name(),
            PartitionSql.markOf(
                "public.t", first.range(), Objects.requireNonNull(table.partitioning()))),
        "ALTER TABLE t DETACH PARTITION t_20240226");

    assertEquals(List.of(), drop(table("day", "3 days"), Instant.parse("2024-03-01T01:00:00Z")));
    assertEquals(
        List.of("DROP TABLE public.t_20240226"),
        drop(table, Instant.parse("2024-03-01T01:00:00Z")));
  }

  /** What an archivist detaches by hand, after the retention has become longer, stays. */
  @Test
  void partitionThatCouldNotBeDetached_isNoLongerMarked() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    ExistingPartitions.Partition before = partition("t_20240226");
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE ONLY t IN SHARE UPDATE EXCLUSIVE MODE"); // as ANALYZE has
      assertThrows(SQLException.class, () -> drop(table, later));
    }
    assertEquals(before, partition("t_20240226"));

    sql("ALTER TABLE t DETACH PARTITION t_20240226");
    assertEquals(List.of(), drop(table, later));
    assertEquals(List.of("t"), query("SELECT to_regclass('t_20240226') IS NOT NULL"));
  }

  /** As after a crash before the DETACH. */
  @Test
  void partitionThatIsMarked_isNoLongerOnceTheRetentionIsLonger() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    ExistingPartitions.Partition before = partition("t_20240226");
    sql(
        PartitionSql.comment(
            before.name(),
            PartitionSql.markOf(
                "public.t", before.range(), Objects.requireNonNull(table.partitioning()))));

    Table longer = table("day", "3 days");
    assertTrue(PartitionUpkeep.of(connection, longer).needsDrop(later));
    assertEquals(List.of(), drop(longer, later));
    assertEquals(before, partition("t_20240226"));
    assertFalse(PartitionUpkeep.of(connection, longer).needsDrop(later));

    sql("ALTER TABLE t DETACH PARTITION t_20240226");
    assertEquals(List.of(), drop(table, later));
  }

  /** A query that has read the table holds up the end of a DETACH, and nobody is held up by it. */
  @Test
  void partitionThatIsBeingRead_isDroppedWhenThatIsOver() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    try (Connection reader = database.connect();
        Statement reading = reader.createStatement()) {
      reader.setAutoCommit(false);
      reading.execute("SELECT count(*) FROM t");
      SQLException e = assertThrows(SQLException.class, () -> drop(table, later));
      // Otherwise all writers would have waited with it.
      boolean concurrently = connection.getMetaData().getDatabaseMajorVersion() >= 14;
      assertEquals(concurrently ? "57014" : "55P03", e.getSQLState(), e.getMessage());
      assertEquals(
          concurrently,
          existing().partitions().stream().anyMatch(ExistingPartitions.Partition::detaching));
      sql("SET lock_timeout = '1s'", "INSERT INTO t VALUES ('2024-02-28 12:00Z')");
      assertThrows(SQLException.class, () -> drop(table, later));
    }
    Eventually.await(
        () -> {
          try {
            return drop(table, later).equals(List.of("DROP TABLE public.t_20240226"));
          } catch (SQLException e) {
            return false; // its end has not got around yet
          }
        });
    assertEquals(8, partitions().size());
  }

  /** A table can have a single partition whose DETACH is pending. */
  @Test
  void detachThatIsPending_isFinishedBeforeOthersAreDetached() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    leavePending("t_20240228", table);

    assertEquals(
        List.of("DROP TABLE public.t_20240226", "DROP TABLE public.t_20240228"),
        drop(table, Instant.parse("2024-03-02T01:00:00Z")));
  }

  @Test
  void detachThatIsPending_isFinished_whateverTheRetentionIsNow() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    Instant later = Instant.parse("2024-03-02T01:00:00Z");
    leavePending("t_20240228", table);

    Table longer = table("day", "3 days");
    assertTrue(PartitionUpkeep.of(connection, longer).needsDrop(later));
    assertEquals(List.of("DROP TABLE public.t_20240226"), drop(longer, later));
    assertEquals(
        List.of("f"), query("SELECT relispartition FROM pg_class WHERE relname = 't_20240228'"));
    assertFalse(PartitionUpkeep.of(connection, longer).needsDrop(later));

    leavePending("t_20240229", table);
    Table forEver = table("day", null);
    assertTrue(PartitionUpkeep.of(connection, forEver).needsDrop(later));
    assertEquals(List.of(), drop(forEver, later));
    assertEquals(
        List.of("f"), query("SELECT relispartition FROM pg_class WHERE relname = 't_20240229'"));
    assertFalse(PartitionUpkeep.of(connection, forEver).needsDrop(later));
  }

  @Test
  void partitionThatCannotBeDetached_keepsNoOtherFromBeingDropped() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE t_20240226 IN SHARE MODE");
      assertOnlyTheOtherIsDropped("55P03", table);
    }
  }

  @Test
  void partitionThatCannotBeDropped_keepsNoOtherFromBeingDropped() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql("CREATE VIEW report AS SELECT * FROM t_20240226");
    assertOnlyTheOtherIsDropped("2BP01", table);
    sql("DROP VIEW report");
    assertEquals(
        List.of("DROP TABLE public.t_20240226"),
        drop(table, Instant.parse("2024-03-02T01:00:00Z")));
  }

  private void assertOnlyTheOtherIsDropped(String sqlState, Table table) throws SQLException {
    List<String> dropped = new ArrayList<>();
    PartitionUpkeep upkeep = PartitionUpkeep.of(connection, table);
    SQLException e =
        assertThrows(
            SQLException.class,
            () -> upkeep.drop(Instant.parse("2024-03-02T01:00:00Z"), dropped::add));
    assertEquals(sqlState, e.getSQLState(), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains("t_20240226"), e::getMessage);
    assertEquals(List.of("DROP TABLE public.t_20240228"), dropped);
  }

  /** Marked, and in the middle of a DETACH that has waited too long for a reader. */
  private void leavePending(String name, Table table) throws SQLException {
    assumeTrue(connection.getMetaData().getDatabaseMajorVersion() >= 14, "there is none before");
    ExistingPartitions.Partition partition = partition(name);
    sql(
        PartitionSql.comment(
            partition.name(),
            PartitionSql.markOf(
                "public.t", partition.range(), Objects.requireNonNull(table.partitioning()))));
    try (Connection reader = database.connect();
        Statement reading = reader.createStatement()) {
      reader.setAutoCommit(false);
      reading.execute("SELECT count(*) FROM t");
      sql("SET statement_timeout = '100ms'");
      SQLException e =
          assertThrows(
              SQLException.class,
              () -> sql("ALTER TABLE t DETACH PARTITION " + name + " CONCURRENTLY"));
      assertEquals("57014", e.getSQLState(), e.getMessage());
      sql("RESET statement_timeout");
      reader.rollback(); // its end is known to the server then
    }
    assertTrue(partition(name).detaching());
  }

  private ExistingPartitions.Partition partition(String name) throws SQLException {
    return existing().partitions().stream()
        .filter(partition -> partition.name().equals("public." + name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void upkeep_doesNotWaitForLocksForLong() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE t IN SHARE MODE");
      SQLException e = assertThrows(SQLException.class, () -> make(table, NOW.plus(DAY)));
      assertEquals("55P03", e.getSQLState());
    }
    assertEquals(1, make(table, NOW.plus(DAY)).size());
  }

  /** An ACCESS EXCLUSIVE lock on the table would make them wait for it in their turn. */
  @Test
  void make_keepsNoWriterWaiting() throws Exception {
    Table table = table("day", null);
    DatabaseTables.prepare(connection, schema(table), NOW);
    try (Connection writer = database.connect();
        Statement writing = writer.createStatement()) {
      writer.setAutoCommit(false);
      writing.execute("INSERT INTO t VALUES ('2024-02-28 12:00Z')");
      assertEquals(1, make(table, NOW.plus(DAY)).size());
      writing.execute("INSERT INTO t VALUES ('2024-02-29 12:00Z')");
      writer.commit();
    }
  }

  @Test
  void defaultPartition_isLivedWith() throws SQLException {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql("CREATE TABLE rest PARTITION OF t DEFAULT");
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    assertEquals(2, make(table, later).size());
    assertEquals(List.of("DROP TABLE public.t_20240226"), drop(table, later));
  }

  @Test
  void identityColumn_isTheWholeTables() throws SQLException {
    sql(
        "CREATE TABLE t (time timestamptz NOT NULL, s varchar, n bigint GENERATED ALWAYS AS IDENTITY)"
            + " PARTITION BY RANGE (time)");
    Table table = table("day", null);
    // Not before PostgreSQL 17, but then the table's own default counts.
    DatabaseTables.prepare(connection, schema(table), NOW);
    assertEquals(1, make(table, NOW.plus(DAY)).size());
    sql("INSERT INTO t VALUES ('2024-02-28 12:00Z'), ('2024-02-29 12:00Z')");
    assertEquals(List.of("1", "2"), query("SELECT n FROM t ORDER BY n"));
  }

  @Test
  void tableInAnotherSchema_isFoundAndKept() throws SQLException {
    sql("CREATE SCHEMA other", "SET search_path = other, public");
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql("SET search_path = public, other");
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    assertEquals(2, make(table, later).size());
    assertEquals(List.of("DROP TABLE other.t_20240226"), drop(table, later));
    assertEquals(
        List.of("0"),
        query(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 't%'"));
  }

  @Test
  void hold_whileAnotherDoes_isRefused() throws SQLException {
    try (Connection other = database.connect()) {
      assertTrue(AdvisoryLock.UPKEEP.hold(connection));
      assertEquals(false, AdvisoryLock.UPKEEP.hold(other));
      connection.rollback();
      assertTrue(AdvisoryLock.UPKEEP.hold(other));
    }
    connection.setAutoCommit(true);
  }

  /** Its session does nothing else for as long as the work takes. */
  @Test
  void hold_hasNoLimitToBeIdle() throws SQLException {
    assertTrue(AdvisoryLock.UPKEEP.hold(connection));
    assertEquals(List.of("0"), query("SHOW idle_in_transaction_session_timeout"));
    connection.rollback();
    connection.setAutoCommit(true);
  }

  /** What is missing is looked up when it is its turn, not before. */
  @Test
  void make_afterAStartThatMadeThem_makesNothing() throws Exception {
    Table table = table("day", null);
    Instant later = NOW.plus(DAY);
    DatabaseTables.prepare(connection, schema(table), NOW);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection upkeep = database.connect()) {
      List<String> made = new ArrayList<>();
      sql("SELECT pg_advisory_lock(" + AdvisoryLock.TABLES.key() + ")");
      Future<?> making =
          executor.submit(
              () -> {
                PartitionUpkeep.of(upkeep, table).create(later, made::add);
                return null;
              });
      Eventually.await(
          () ->
              !query(
                      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                          + " AND query LIKE 'SELECT pg_try_advisory_xact_lock%'"
                          + " AND state = 'idle in transaction'")
                  .isEmpty());
      assertEquals(3, DatabaseTables.prepare(connection, schema(table), later).statements().size());
      sql("SELECT pg_advisory_unlock(" + AdvisoryLock.TABLES.key() + ")");
      making.get();
      assertEquals(List.of(), made);
    } finally {
      executor.shutdownNow();
    }
    assertEquals(10, partitions().size());
  }

  @Test
  void upkeepsAndStartsAtTheSameTime_doNotFailEachOther() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    inParallel(
        4,
        own -> {
          for (int day = 0; day < 5; day++) {
            Instant now = NOW.plus(DAY.multipliedBy(day));
            PartitionUpkeep.of(own, table).create(now, statement -> {});
            DatabaseTables.prepare(own, schema(table), now);
          }
        });
    assertEquals(13, partitions().size());
  }

  @Test
  void upkeepOfATableThatIsGone_saysSo() throws SQLException {
    Table table = table("day", null);
    assertThrows(SQLException.class, () -> PartitionUpkeep.of(connection, table));
    sql("CREATE TABLE t (time timestamptz)");
    assertThrows(SQLException.class, () -> PartitionUpkeep.of(connection, table));
  }
}
