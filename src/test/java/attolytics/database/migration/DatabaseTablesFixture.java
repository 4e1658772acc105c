package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.database.EmptySchemaFixture;
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
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;

/** The service's own tables are there already, so that the tests only see the schema's. */
abstract class DatabaseTablesFixture extends EmptySchemaFixture {
  static final OwnTable OWN = IdempotencyTable.TABLE;

  static final List<OwnTable> ALL_OWN = List.of(OWN, QuarantineTable.TABLE);

  @BeforeEach
  void createOwnTables() throws SQLException {
    for (OwnTable own : ALL_OWN) {
      sql(own.creation().toArray(String[]::new));
    }
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
