package attolytics.schema;

import attolytics.schema.Migration.Step;
import java.sql.Connection;
import java.sql.ResultSet;
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

  /**
   * Compares, and says how the database would come to fit; see {@link #carryOut(Connection, Step)}.
   * Changes nothing. The connection must not be in a transaction.
   */
  public static Migration migration(Connection connection, Schema schema) throws SQLException {
    return compare(connection, schema).migration(connection);
  }

  /**
   * Takes a step of a migration, with all of its statements or none. The connection must not be in
   * a transaction. Tables are created in turn with instances that start.
   *
   * @throws SQLException if a statement was refused, which the message tells
   */
  public static void carryOut(Connection connection, Step step) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      if (step.concurrent()) {
        execute(sql, step.statements().get(0));
        return;
      }
      connection.setAutoCommit(false);
      sql.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
      for (String statement : step.statements()) {
        execute(sql, statement);
      }
      connection.commit();
    } catch (SQLException | RuntimeException e) {
      if (!connection.getAutoCommit()) {
        rollBack(connection, e);
      }
      throw e;
    } finally {
      if (!connection.isClosed()) {
        connection.setAutoCommit(true);
      }
    }
  }

  /**
   * Takes the lock that only one migration of a database can have, for as long as the connection
   * lives. A start does not wait for it: it would do so in a transaction, and an index that is
   * built concurrently waits for the end of those.
   *
   * @return whether it was free
   */
  public static boolean lockOutOtherMigrations(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery("SELECT pg_try_advisory_lock(" + (LOCK + 1) + ")")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  /** The plan for a database that does not exist yet, without extensions. */
  public static Plan planForNone(Schema schema) {
    Distribution none = new Distribution(false, false);
    List<String> statements = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Table table : schema.tables()) {
      statements.addAll(creation(table));
      problems.addAll(none.whyNotCreate(table));
    }
    OWN_TABLES.forEach(table -> statements.addAll(table.creation()));
    return new Plan(statements, List.of(), problems);
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
      Plan plan = compare(connection, schema).plan();
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

  private static Comparison compare(Connection connection, Schema schema) throws SQLException {
    Target target = Target.of(connection);
    Comparison comparison = new Comparison();
    comparison.refuse(target.problems());
    if (!target.problems().isEmpty()) {
      return comparison;
    }
    Distribution distribution = Distribution.of(connection);
    comparison.warn(distribution.warnings(connection, schema));
    for (Table table : schema.tables()) {
      ExistingTable existing = ExistingTable.find(connection, table.name());
      if (existing == null) {
        List<String> whyNot = new ArrayList<>(target.whyNotCreate(connection, table.name()));
        whyNot.addAll(distribution.whyNotCreate(table));
        comparison.create(creation(table), whyNot);
      } else {
        comparison.check(new TableCheck(table, existing));
        comparison.refuse(distribution.problems(connection, table, existing));
      }
    }
    for (OwnTable table : OWN_TABLES) {
      ExistingTable existing = ExistingTable.find(connection, table.name());
      if (existing == null) {
        comparison.create(table.creation(), target.whyNotCreate(connection, table.name()));
      } else {
        comparison.refuse(table.problems(existing));
        comparison.refuse(distribution.problems(connection, table, existing));
      }
    }
    return comparison;
  }

  /** The statements that create a table with its indexes, on whichever machines. */
  private static List<String> creation(Table table) {
    List<String> columns = new ArrayList<>();
    List<String> indexes = new ArrayList<>();
    for (Column column : table.columns()) {
      columns.add(definition(column));
      if (column.index() != Index.NONE) {
        indexes.add(createIndex("CREATE INDEX", Identifiers.quote(table.name()), column));
      }
    }
    List<String> statements = new ArrayList<>();
    statements.add(
        "CREATE TABLE %s (%s)"
            .formatted(Identifiers.quote(table.name()), String.join(", ", columns)));
    if (table.distributeBy() != null) {
      statements.add(Distribution.distribute(table.name(), table.distributeBy()));
    }
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
  static String createIndex(String command, String quotedTable, Column column) {
    String method = column.index().method(column.type());
    return "%s ON %s %s(%s)"
        .formatted(
            command,
            quotedTable,
            method.equals(ColumnType.BTREE) ? "" : "USING " + method + " ",
            Identifiers.quote(column.name()));
  }
}
