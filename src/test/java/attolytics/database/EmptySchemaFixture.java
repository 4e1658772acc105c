package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.database.migration.Plan;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/**
 * A database for the tests of a class. Each test begins with a connection to it, and with a schema
 * public that is empty and the only one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class EmptySchemaFixture {
  private static final String DROP_SCHEMAS =
      """
      DO $$
        DECLARE name text;
        BEGIN
          FOR name IN SELECT nspname FROM pg_namespace
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', name);
          END LOOP;
        END $$
      """;

  protected TestDatabase database;

  protected Connection connection;

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
    sql(DROP_SCHEMAS, "CREATE SCHEMA public");
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

  protected void sql(String... statements) throws SQLException {
    Sql.execute(connection, statements);
  }

  protected List<String> query(String query) throws SQLException {
    return Sql.rows(connection, query);
  }

  protected static Schema schema(Table... tables) {
    return new Schema(List.of(tables), Map.of(), null);
  }

  protected static void assertFits(Plan plan) {
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.warnings());
  }
}
