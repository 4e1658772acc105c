package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.database.IdempotencyTable;
import attolytics.database.Identifiers;
import attolytics.database.OwnTable;
import attolytics.database.QuarantineTable;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/**
 * A database for the tests of a class, whose schema public has only the service's own tables at the
 * begin of each test.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DatabaseTablesFixture {
  static final OwnTable OWN = IdempotencyTable.TABLE;

  static final List<OwnTable> ALL_OWN = List.of(OWN, QuarantineTable.TABLE);

  TestDatabase database;

  Connection connection;

  @BeforeAll
  void createDatabase() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterAll
  void dropDatabase() throws SQLException {
    database.close();
  }

  @BeforeEach
  void connectToEmptySchema() throws SQLException {
    connection = database.connect();
    sql("DROP SCHEMA IF EXISTS public, other CASCADE", "CREATE SCHEMA public");
    // The service's own tables are there already, so that the tests only see the schema's.
    for (OwnTable own : ALL_OWN) {
      sql(own.creation().toArray(String[]::new));
    }
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

  @FunctionalInterface
  interface UserTest {
    void run(String user) throws SQLException;
  }

  /** Runs as a user of its own, who may do nothing but look into the schema. */
  void asUser(String name, UserTest test) throws SQLException {
    database.assumeSuperuser("create a role");
    String user = Identifiers.quote(name + " " + database.name());
    sql(
        "CREATE ROLE " + user,
        "GRANT USAGE ON SCHEMA public TO " + user,
        "GRANT ALL ON " + OWN.name() + ", " + QuarantineTable.TABLE.name() + " TO " + user);
    try {
      sql("SET ROLE " + user);
      test.run(user);
    } finally {
      sql("RESET ROLE", "DROP OWNED BY " + user, "DROP ROLE " + user);
    }
  }

  void assertProblems(Schema schema, String... expected) throws SQLException {
    assertEquals(String.join("\n", expected), String.join("\n", problems(schema)));
  }

  List<String> problems(Schema schema) throws SQLException {
    return DatabaseTables.rehearse(connection, schema).problems();
  }

  void assertNothingToDo(Schema schema) throws SQLException {
    Plan plan = DatabaseTables.prepare(connection, schema);
    assertFits(plan);
    assertEquals(List.of(), plan.statements());
    assertTrue(connection.getAutoCommit());
  }

  static void assertFits(Plan plan) {
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.warnings());
  }

  void sql(String... statements) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      for (String statement : statements) {
        sql.execute(statement);
      }
    }
  }

  List<String> query(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(query)) {
      while (row.next()) {
        rows.add(row.getString(1));
      }
    }
    return rows;
  }

  static Schema schema(Table... tables) {
    return new Schema(List.of(tables), Map.of(), null);
  }

  static Table table(String name, Column... columns) {
    return new Table(name, 0, List.of(columns));
  }

  static Table distributed(String name) {
    Column column = column("c", ScalarType.STRING, true, true);
    return new Table(name, 0, List.of(column), null, column);
  }

  static Column column(String name, ColumnType type) {
    return column(name, type, false, false);
  }

  static Column brin(String name, ColumnType type) {
    return new Column(name, type, null, Index.BRIN, false, 0);
  }

  static Column column(String name, ColumnType type, boolean indexed, boolean required) {
    return new Column(name, type, null, indexed ? Index.DEFAULT : Index.NONE, required, 0);
  }
}
