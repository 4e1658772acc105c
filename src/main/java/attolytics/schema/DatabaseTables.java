package attolytics.schema;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares a schema with the database and creates the tables that are missing. A table that exists
 * is never changed: what does not fit is told, with the statement that would mend it.
 */
public final class DatabaseTables {
  /**
   * What a start would do.
   *
   * @param statements the SQL it would run, in that order, without a semicolon
   * @param warnings what is better mended but stops nothing
   * @param problems each a reason not to start, naming table and column
   */
  public record Plan(List<String> statements, List<String> warnings, List<String> problems) {
    public Plan {
      statements = List.copyOf(statements);
      warnings = List.copyOf(warnings);
      problems = List.copyOf(problems);
    }
  }

  /** Any number will do, as long as every instance has the same: "attolyti" in ASCII. */
  private static final long LOCK = 0x6174_746f_6c79_7469L;

  private DatabaseTables() {}

  /**
   * Compares, and changes nothing.
   *
   * @throws SQLException if the database could not be asked
   */
  public static Plan plan(Connection connection, Schema schema) throws SQLException {
    List<String> statements = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Table table : schema.tables()) {
      ExistingTable existing = ExistingTable.find(connection, table.name());
      if (existing == null) {
        create(table, statements);
      } else {
        TableCheck check = new TableCheck(table, existing);
        check.run();
        warnings.addAll(check.warnings());
        problems.addAll(check.problems());
      }
    }
    if (ExistingTable.find(connection, IdempotencyTable.NAME) == null) {
      statements.addAll(IdempotencyTable.creation());
    }
    return new Plan(statements, warnings, problems);
  }

  /**
   * Compares, and creates what is missing if nothing stands against it: all in one transaction, in
   * which instances that start at the same time take turns. The connection must not be in a
   * transaction, and is in none afterwards.
   *
   * @return the plan; it was carried out if it has no problems
   * @throws SQLException if the database could not be asked or refused a statement; nothing was
   *     changed then
   */
  public static Plan prepare(Connection connection, Schema schema) throws SQLException {
    boolean autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    try {
      Plan plan = prepareInTransaction(connection, schema);
      connection.commit();
      return plan;
    } catch (SQLException | RuntimeException e) {
      rollBack(connection, e);
      throw e;
    } finally {
      if (!connection.isClosed()) { // else it would hide why
        connection.setAutoCommit(autoCommit);
      }
    }
  }

  private static Plan prepareInTransaction(Connection connection, Schema schema)
      throws SQLException {
    try (Statement sql = connection.createStatement()) {
      // With a stricter level the tables that another instance has just created stay invisible.
      sql.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
      sql.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
      Plan plan = plan(connection, schema);
      if (plan.problems().isEmpty()) {
        for (String statement : plan.statements()) {
          sql.execute(statement);
        }
      }
      return plan;
    }
  }

  private static void rollBack(Connection connection, Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private static void create(Table table, List<String> statements) {
    List<String> columns = new ArrayList<>();
    List<String> indexes = new ArrayList<>();
    for (Column column : table.columns()) {
      columns.add(definition(column));
      if (column.indexed()) {
        indexes.add(createIndex("CREATE INDEX", table, column));
      }
    }
    statements.add(
        "CREATE TABLE %s (%s)"
            .formatted(Identifiers.quote(table.name()), String.join(", ", columns)));
    statements.addAll(indexes);
  }

  private static String definition(Column column) {
    return Identifiers.quote(column.name())
        + " "
        + column.type().sqlName()
        + (column.required() ? " NOT NULL" : "");
  }

  /** PostgreSQL finds a name for the index that is free and not too long. */
  static String createIndex(String command, Table table, Column column) {
    return "%s ON %s (%s)"
        .formatted(command, Identifiers.quote(table.name()), Identifiers.quote(column.name()));
  }
}
