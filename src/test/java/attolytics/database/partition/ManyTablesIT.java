package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Sql;
import attolytics.database.IdempotencyTable;
import attolytics.database.Inspection;
import attolytics.database.Progress;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.flush.transaction.FlushTrial;
import attolytics.schema.Column;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** More tables than a server has locks for in one transaction: they are created in parts. */
class ManyTablesIT extends PartitionsFixture {
  /** Each takes 30 statements, so that a part has six. */
  private static List<Table> fourteen() {
    return IntStream.range(10, 24).mapToObj(i -> table("t" + i)).toList();
  }

  private static Schema of(List<Table> tables) {
    return new Schema(tables, Map.of(), null);
  }

  @Test
  void prepare_createsThemInSeveralTransactions() throws SQLException {
    Recorded progress = new Recorded(false);
    Schema schema = of(fourteen());

    Plan plan = DatabaseTables.prepare(connection, schema, NOW, Inspection.NONE, progress);

    assertFits(plan);
    assertEquals(DatabaseTables.planForNone(schema, NOW).statements(), plan.statements());
    assertEquals(
        List.of("3"), query("SELECT count(DISTINCT xmin::text) FROM pg_class WHERE relkind = 'p'"));
    assertEquals(3, progress.parts);
    assertEquals(plan.statements(), progress.created);
    assertNothingToDo(schema, NOW);
  }

  @Test
  void prepare_withAProblem_createsNothing() throws SQLException {
    sql("CREATE TABLE t23 (x int4)");
    assertTrue(DatabaseTables.prepare(connection, of(fourteen()), NOW).problems().size() > 0);
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname LIKE 't1%'"));
  }

  @Test
  void prepare_refusedByTheDatabase_createsNothing() throws SQLException {
    List<Table> tables = new ArrayList<>(fourteen());
    Column column = tables.get(0).columns().get(0);
    tables.set(7, new Table("t17", 0, List.of(column, column)));
    assertThrows(SQLException.class, () -> DatabaseTables.prepare(connection, of(tables), NOW));
    assertEquals(List.of("0"), query("SELECT count(*) FROM pg_class WHERE relkind = 'p'"));
  }

  @Test
  void prepare_refusedByAnInspection_createsNothing() throws SQLException {
    Schema schema = of(fourteen());
    Plan plan = DatabaseTables.prepare(connection, schema, NOW, new Inspecting(schema.tables()));
    assertEquals(List.of("a problem"), plan.problems());
    assertEquals(List.of("0"), query("SELECT count(*) FROM pg_class WHERE relkind = 'p'"));
  }

  /** What it has created is known, and the next one creates the rest. */
  @Test
  void prepare_isEndedBetweenTwoTransactions() throws SQLException {
    Schema schema = of(fourteen());
    Recorded progress = new Recorded(true);
    SQLException e =
        assertThrows(
            SQLException.class,
            () -> DatabaseTables.prepare(connection, schema, NOW, Inspection.NONE, progress));
    assertEquals("ended", e.getMessage());
    assertEquals(List.of("6"), query("SELECT count(*) FROM pg_class WHERE relkind = 'p'"));

    Plan rest = DatabaseTables.prepare(connection, schema, NOW);
    assertFits(rest);
    List<String> all = new ArrayList<>(progress.created);
    all.addAll(rest.statements());
    assertEquals(DatabaseTables.planForNone(schema, NOW).statements(), all);
  }

  private static final class Recorded implements Progress {
    private final boolean endsAfterOne;
    private final List<String> created = new ArrayList<>();
    private int parts;

    Recorded(boolean endsAfterOne) {
      this.endsAfterOne = endsAfterOne;
    }

    @Override
    public void check() throws SQLException {
      if (endsAfterOne && parts > 0) {
        throw new SQLException("ended");
      }
    }

    @Override
    public void committed(List<String> statements) {
      parts++;
      created.addAll(statements);
    }
  }

  /** What an inspection finds does not depend on the part. */
  @Test
  void rehearse_inspectsEachOfThem_withTheLocksOfAFew() throws SQLException {
    Schema schema = of(fourteen());
    sql("CREATE SCHEMA other"); // nothing is left of them
    Inspecting inspecting = new Inspecting(schema.tables());

    Plan plan = DatabaseTables.rehearse(connection, schema, NOW, inspecting);

    assertEquals(List.of("a warning"), plan.warnings());
    assertEquals(List.of("a problem"), plan.problems());
    assertEquals(DatabaseTables.planForNone(schema, NOW).statements(), plan.statements());
    assertEquals(
        schema.tables().stream().map(Table::name).toList(),
        inspecting.inspected.stream().sorted().toList());
    assertTrue(inspecting.maxLocks < 450, "locks: " + inspecting.maxLocks);
    assertEquals(List.of("0"), query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
  }

  /** Those that are there only in another part are no problem. */
  @Test
  void flushes_areTriedInEachPart() throws SQLException {
    sql(IdempotencyTable.TABLE.creation().toArray(new String[0]));
    sql("ALTER TABLE attolytics_idempotency DROP COLUMN answer"); // of an older version
    Schema schema = of(fourteen());
    FlushTrial trial = new FlushTrial(schema.tables());
    Plan rehearsed = DatabaseTables.rehearse(connection, schema, NOW, trial);
    assertFits(rehearsed);
    assertEquals(
        rehearsed,
        DatabaseTables.prepare(connection, schema, NOW, new FlushTrial(schema.tables())));
  }

  private static final class Inspecting implements Inspection {
    private final List<Table> tables;
    private final List<String> inspected = new ArrayList<>();
    private int maxLocks;

    Inspecting(List<Table> tables) {
      this.tables = tables;
    }

    @Override
    public Findings inspect(Connection connection) throws SQLException {
      return inspect(connection, table -> true);
    }

    @Override
    public Findings inspect(Connection connection, Predicate<Table> some) throws SQLException {
      for (Table table : tables.stream().filter(some).toList()) {
        inspected.add(table.name());
        Sql.execute(connection, "SELECT FROM " + table.name(), "SELECT FROM attolytics_quarantine");
      }
      String locks =
          "SELECT count(DISTINCT (locktype, relation, classid, objid)) FROM pg_locks"
              + " WHERE pid = pg_backend_pid()";
      maxLocks = Math.max(maxLocks, Integer.parseInt(Sql.rows(connection, locks).get(0)));
      return new Findings(List.of("a warning"), List.of("a problem"));
    }
  }

  @Test
  void partitions_areCreatedInSeveralTransactions_andALockedTableTriedOnce() throws Exception {
    List<Table> tables = fourteen().subList(0, 11);
    Schema schema = of(tables);
    DatabaseTables.prepare(connection, schema, NOW);
    DatabaseTables.prepare(connection, of(tables.subList(0, 1)), NOW.plus(DAY.multipliedBy(6)));
    Recorded progress = new Recorded(false);
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE t10 IN SHARE UPDATE EXCLUSIVE MODE");
      Plan plan =
          DatabaseTables.prepare(
              connection, schema, NOW.plus(DAY.multipliedBy(7)), Inspection.NONE, progress);

      assertEquals(List.of(), plan.problems());
      assertEquals(1, plan.warnings().size(), plan.warnings()::toString);
      assertEquals(10 * 7 * 3, plan.statements().size());
      assertEquals(2, progress.parts);
      assertEquals(plan.statements(), progress.created);
    }
    assertEquals(
        3,
        DatabaseTables.rehearse(connection, schema, NOW.plus(DAY.multipliedBy(7)))
            .statements()
            .size());
  }

  @Test
  void startsAtTheSameTime_doNotFailEachOther() throws Exception {
    Schema schema = of(fourteen());
    inParallel(4, own -> assertFits(DatabaseTables.prepare(own, schema, NOW)));
    assertNothingToDo(schema, NOW);
  }
}
