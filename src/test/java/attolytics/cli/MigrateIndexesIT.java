package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.CommandResult;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code attolytics migrate}: indexes of tables in use. */
class MigrateIndexesIT extends MigrateFixture {
  @ParameterizedTest
  @ValueSource(strings = {"t", "leaf"})
  void brokenIndex_isBuiltAgain(String broken) throws Exception {
    if (broken.equals("t")) {
      sql("CREATE TABLE t (x text)");
    } else {
      createPartitions();
    }
    breakIndexOf(broken);
    assertEquals(List.of("btree x f"), indexes(broken));
    String schema = withX("indexed: true");

    List<String> told = migrate(schema).statements();
    int dropped = indexOf("DROP INDEX CONCURRENTLY " + broken + "_x_idx;", told);
    assertTrue(
        indexOf("CREATE INDEX CONCURRENTLY ON " + broken + " (\"x\");", told) > dropped,
        told::toString);
    CommandResult done = migrate(schema, "--apply");

    assertEquals(0, done.exitCode(), done.err());
    assertEquals(List.of("btree x t"), indexes(broken));
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  private static int indexOf(String statement, List<String> statements) {
    assertTrue(statements.contains(statement), statements::toString);
    return statements.indexOf(statement);
  }

  /** As a CREATE INDEX CONCURRENTLY does that gives up while it waits for another transaction. */
  private void breakIndexOf(String table) throws SQLException {
    breakIndex("CREATE INDEX CONCURRENTLY ON " + table + " (x)", table);
  }

  private void breakIndex(String create, String table) throws SQLException {
    try (Connection other = database.connect();
        Statement open = other.createStatement();
        Connection connection = database.connect();
        Statement building = connection.createStatement()) {
      other.setAutoCommit(false);
      open.execute("INSERT INTO " + table + " VALUES ('a')");
      building.execute("SET lock_timeout = 50");
      assertThrows(SQLException.class, () -> building.execute(create));
    }
  }

  @Test
  void brokenUniqueIndex_isSomebodyElses() throws Exception {
    sql("CREATE TABLE t (x text)");
    sql("INSERT INTO t VALUES ('a'), ('a')");
    assertThrows(SQLException.class, () -> sql("CREATE UNIQUE INDEX CONCURRENTLY ON t (x)"));

    assertEquals(0, migrate(withX("indexed: true"), "--apply").exitCode());

    assertEquals(List.of("btree x f", "btree x t"), indexes("t"));
  }

  /** It only begins with the column. */
  @Test
  void brokenIndexOfMoreColumns_isSomebodyElses() throws Exception {
    sql("CREATE TABLE t (x text, y text)");
    breakIndex("CREATE INDEX CONCURRENTLY ON t (x, y)", "t");

    assertEquals(0, migrate(withX("indexed: true"), "--apply").exitCode());

    assertEquals(List.of("btree x f", "btree x t"), indexes("t"));
  }

  /** It is not valid before it is complete, and would be dropped as soon as it is. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void indexThatAnotherSessionBuilds_isLeftAlone(boolean unique) throws Exception {
    String yaml =
        unique
            ? withX("required: true").replace("}]}}", "}], deduplicate_by: x}}")
            : withX("indexed: true");
    sql("CREATE TABLE t (x text" + (unique ? " NOT NULL)" : ")"));
    String create = "CREATE " + (unique ? "UNIQUE " : "") + "INDEX CONCURRENTLY ON t (x)";
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = database.connect();
        Statement open = other.createStatement()) {
      other.setAutoCommit(false);
      open.execute("INSERT INTO t VALUES ('a')");
      Future<?> building =
          executor.submit(
              () -> {
                sql(create);
                return null;
              });
      Eventually.await(() -> indexes("t").equals(List.of("btree x f")));

      CommandResult told = migrate(yaml);
      CommandResult applied = migrate(yaml, "--apply");

      for (CommandResult each : List.of(told, applied)) {
        assertEquals(3, each.exitCode(), each.err());
        assertEquals(List.of(), each.statements().stream().filter(isAboutAnIndexOf("t")).toList());
        assertTrue(
            each.out().contains("-- left to do by hand: index t_x_idx is not valid, and pid "),
            each.out());
      }
      other.rollback();
      building.get();
    } finally {
      executor.shutdownNow();
    }
    assertEquals(0, migrate(yaml, "--apply").exitCode());
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  private static Predicate<String> isAboutAnIndexOf(String table) {
    return statement -> statement.contains("INDEX CONCURRENTLY") && statement.contains(table);
  }

  @Test
  void rowsWithTheSameValues_areNotShown_butTheQueryThatFindsThem() throws Exception {
    sql("CREATE TABLE t (x text NOT NULL)");
    sql("INSERT INTO t VALUES ('hunter2'), ('hunter2')");
    String schema =
        "tables: {t: {columns: [{name: x, required: true}], deduplicate_by: x}}\n"
            + "apps: {a: {secret_key: s, tables: [t]}}";

    CommandResult result = migrate(schema, "--apply", "-v");

    String shown = result.out() + result.err();
    assertFalse(shown.contains("hunter2"), shown);
    String query =
        "SELECT \"x\", count(*) FROM \"t\" GROUP BY \"x\" HAVING count(*) > 1 finds them";
    assertTrue(shown.contains("could not create unique index \"t_x_idx\""), shown);
    assertTrue(shown.contains(query), shown);
    assertEquals(1, result.exitCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "brin"})
  void partitionedTable_getsItsIndexFromThoseOfItsPartitions(String indexed) throws Exception {
    createPartitions();
    sql("CREATE INDEX done_before ON first USING %s (x)".formatted(method(indexed)));
    sql("CREATE INDEX no_substitute ON leaf USING hash (x)");
    String schema = withX("indexed: " + indexed);
    String using = indexed.equals("brin") ? "USING brin " : "";

    assertEquals(
        List.of(
            "CREATE INDEX CONCURRENTLY ON leaf %s(\"x\");".formatted(using),
            "CREATE INDEX ON \"t\" %s(\"x\");".formatted(using)),
        migrate(schema).statements().stream().filter(line -> line.contains("(\"x\")")).toList());
    CommandResult done = migrate(schema, "--apply");

    assertEquals(0, done.exitCode(), done.err());
    List<String> one = List.of(method(indexed) + " x t");
    for (String table : List.of("t", "first", "inner_")) {
      assertEquals(one, indexes(table), table);
    }
    assertEquals(List.of(one.get(0), "hash x t"), indexes("leaf"));
  }

  /** The index of the whole table would build it with writers locked out. */
  @Test
  void indexOfAPartitionThatIsRefused_keepsThatOfTheTableFromBeingBuilt() throws Exception {
    createPartitions();
    String schema = withX("indexed: true");
    sql("ALTER TABLE first ALTER COLUMN x SET STORAGE EXTERNAL");
    sql("INSERT INTO first SELECT '0' || repeat('1', 9000)");

    CommandResult failed = migrate(schema, "--apply");

    assertEquals(1, failed.exitCode(), failed.out());
    assertTrue(
        failed.errors().get(0).contains("CREATE INDEX CONCURRENTLY ON first (\"x\"): "),
        failed.err());
    assertEquals(1, failed.errors().size(), failed.err());
    assertEquals(List.of("btree x t"), indexes("leaf"));
    assertEquals(List.of(), indexes("t"));
    assertEquals(List.of(), indexes("first"));
  }

  private static String method(String indexed) {
    return indexed.equals("brin") ? "brin" : "btree";
  }

  /** Two leaves, the second of them a level deeper. */
  private void createPartitions() throws SQLException {
    sql("CREATE TABLE t (x text) PARTITION BY RANGE (x)");
    sql("CREATE TABLE first PARTITION OF t FOR VALUES FROM ('0') TO ('9')");
    sql("CREATE TABLE inner_ PARTITION OF t FOR VALUES FROM ('a') TO ('n') PARTITION BY LIST (x)");
    sql("CREATE TABLE leaf PARTITION OF inner_ FOR VALUES IN ('a', 'b')");
  }
}
