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

  /** The service's own tables, whatever the schema. */
  private static final List<OwnTable> OWN_TABLES = List.of(IdempotencyTable.TABLE);

  /** Any number will do, as long as every instance has the same: "attolyti" in ASCII. */
  private static final long LOCK = 0x6174_746f_6c79_7469L;

  private DatabaseTables() {}

  /**
   * Compares, and creates what is missing if nothing stands against it: all in one transaction, in
   * which instances that start at the same time take turns. The connection must not be in a
   * transaction, and is in none afterwards.
   *
   * @return the plan; it was carried out if it has no problems
   * @throws SQLException if the database could not be asked or refused a statement, which the
   *     message tells; nothing was changed then
   */
  public static Plan prepare(Connection connection, Schema schema) throws SQLException {
    return inTransaction(connection, schema, true);
  }

  /**
   * Does the same and undoes it, so that it fails for whatever would make {@link #prepare} fail.
   *
   * @return the plan; it could be carried out if it has no problems
   * @throws SQLException as {@link #prepare} would
   */
  public static Plan rehearse(Connection connection, Schema schema) throws SQLException {
    return inTransaction(connection, schema, false);
  }

  /** The plan for a database that does not exist yet. */
  public static Plan planForNone(Schema schema) {
    List<String> statements = new ArrayList<>();
    schema.tables().forEach(table -> statements.addAll(creation(table)));
    OWN_TABLES.forEach(table -> statements.addAll(table.creation()));
    return new Plan(statements, List.of(), List.of());
  }

  private static Plan inTransaction(Connection connection, Schema schema, boolean commit)
      throws SQLException {
    boolean autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    try {
      Plan plan = carryOut(connection, schema);
      if (commit) {
        connection.commit();
      } else {
        connection.rollback();
      }
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

  private static Plan carryOut(Connection connection, Schema schema) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      // With a stricter level the tables that another instance has just created stay invisible.
      sql.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
      sql.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
      Plan plan = plan(connection, schema);
      if (plan.problems().isEmpty()) {
        for (String statement : plan.statements()) {
          execute(sql, statement);
        }
      }
      return plan;
    }
  }

  private static void execute(Statement sql, String statement) throws SQLException {
    try {
      sql.execute(statement);
    } catch (SQLException e) {
      throw new SQLException(statement + ": " + e.getMessage(), e.getSQLState(), e);
    }
  }

  private static void rollBack(Connection connection, Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private static Plan plan(Connection connection, Schema schema) throws SQLException {
    Target target = Target.of(connection);
    List<String> problems = new ArrayList<>(target.problems());
    if (!problems.isEmpty()) {
      return new Plan(List.of(), List.of(), problems);
    }
    List<String> statements = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    for (Table table : schema.tables()) {
      ExistingTable existing = ExistingTable.find(connection, table.name());
      if (existing == null) {
        problems.addAll(target.whyNotCreate(connection, table.name()));
        statements.addAll(creation(table));
      } else {
        TableCheck check = new TableCheck(table, existing);
        check.run();
        warnings.addAll(check.warnings());
        problems.addAll(check.problems());
      }
    }
    for (OwnTable table : OWN_TABLES) {
      ExistingTable existing = ExistingTable.find(connection, table.name());
      if (existing == null) {
        problems.addAll(target.whyNotCreate(connection, table.name()));
        statements.addAll(table.creation());
      } else {
        problems.addAll(table.problems(existing));
      }
    }
    return new Plan(statements, warnings, problems);
  }

  /** The statements that create a table with its indexes. */
  private static List<String> creation(Table table) {
    List<String> columns = new ArrayList<>();
    List<String> indexes = new ArrayList<>();
    for (Column column : table.columns()) {
      columns.add(definition(column));
      if (column.indexed()) {
        indexes.add(createIndex("CREATE INDEX", table, column));
      }
    }
    List<String> statements = new ArrayList<>();
    statements.add(
        "CREATE TABLE %s (%s)"
            .formatted(Identifiers.quote(table.name()), String.join(", ", columns)));
    statements.addAll(indexes);
    return statements;
  }

  private static String definition(Column column) {
    return Identifiers.quote(column.name())
        + " "
        + column.type().sqlName()
        + (column.required() ? " NOT NULL" : "");
  }

  /** PostgreSQL finds a name for the index that is free and not too long. */
  static String createIndex(String command, Table table, Column column) {
    return "%s ON %s %s(%s)"
        .formatted(
            command,
            Identifiers.quote(table.name()),
            column.type().indexMethod(),
            Identifiers.quote(column.name()));
  }
}
