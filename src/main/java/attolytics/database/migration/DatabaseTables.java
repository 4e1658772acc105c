package attolytics.database.migration;

import attolytics.database.AdvisoryLock;
import attolytics.database.DdlTransaction;
import attolytics.database.Inspection;
import attolytics.database.Migration;
import attolytics.database.Migration.Step;
import attolytics.database.StepRunner;
import attolytics.database.partition.PartitionNames;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Compares a schema with the database and creates missing tables. An existing table is never
 * changed: each mismatch is reported, with the statement that fixes it.
 */
public final class DatabaseTables {
  /** How long a start waits for other instances that create tables. */
  private static final Duration TURN = Duration.ofSeconds(30);

  /**
   * For a lock on one of the service's own tables, which flushes of other instances hold briefly.
   */
  private static final Duration UPGRADE_LOCK_WAIT = Duration.ofSeconds(5);

  private DatabaseTables() {}

  /**
   * Compares, and creates what is missing if there are no problems: all in one transaction, which
   * only one instance at a time runs. The connection must not be in a transaction, and is in none
   * afterwards. A partition whose table is locked is postponed, with a warning.
   *
   * @param now for which partitions are created
   * @param inspection a final check; if it finds problems, the transaction is rolled back
   * @return the plan, which has been executed if it has no problems
   * @throws SQLException if a query or statement fails, with which the message begins; nothing is
   *     changed then
   */
  public static Plan prepare(
      Connection connection, Schema schema, Instant now, Inspection inspection)
      throws SQLException {
    return DdlTransaction.run(
        connection, DatabaseTables::fits, () -> execute(connection, schema, now, inspection, TURN));
  }

  /** Does the same without an inspection. */
  public static Plan prepare(Connection connection, Schema schema, Instant now)
      throws SQLException {
    return prepare(connection, schema, now, Inspection.NONE);
  }

  static Plan prepare(Connection connection, Schema schema, Instant now, Duration turn)
      throws SQLException {
    return DdlTransaction.run(
        connection,
        DatabaseTables::fits,
        () -> execute(connection, schema, now, Inspection.NONE, turn));
  }

  /** Does the same by the system's clock. */
  public static Plan prepare(Connection connection, Schema schema) throws SQLException {
    return prepare(connection, schema, Instant.now());
  }

  /**
   * Does the same and rolls it back, so that it fails if {@link #prepare} would.
   *
   * @return the plan, which can be executed if it has no problems
   * @throws SQLException as {@link #prepare} would
   */
  public static Plan rehearse(
      Connection connection, Schema schema, Instant now, Inspection inspection)
      throws SQLException {
    return DdlTransaction.run(
        connection, plan -> false, () -> execute(connection, schema, now, inspection, TURN));
  }

  /** Does the same without an inspection. */
  public static Plan rehearse(Connection connection, Schema schema, Instant now)
      throws SQLException {
    return rehearse(connection, schema, now, Inspection.NONE);
  }

  /** Does the same by the system's clock. */
  public static Plan rehearse(Connection connection, Schema schema) throws SQLException {
    return rehearse(connection, schema, Instant.now());
  }

  /**
   * Compares, and returns the steps that make the database match; {@link StepRunner#run} runs them.
   * Changes nothing. The connection must not be in a transaction.
   *
   * @param now for which partitions are created
   */
  public static Migration migration(Connection connection, Schema schema, Instant now)
      throws SQLException {
    return DdlTransaction.run(
        connection,
        migration -> false,
        () -> SchemaComparison.of(connection, schema, now).migration(connection));
  }

  /**
   * The plan for a database that does not exist yet, without extensions.
   *
   * @param now for which partitions are created
   */
  public static Plan planForNone(Schema schema, Instant now) {
    Distribution none = new Distribution(false, false);
    List<String> statements = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    PartitionNames names = new PartitionNames(schema.tables());
    schema.tables().stream()
        .map(Table::schema)
        .filter(Objects::nonNull)
        .distinct()
        .forEach(name -> statements.add(TargetSchema.creation(name)));
    for (Table table : schema.tables()) {
      statements.addAll(TableDdl.creation(table, now, names));
      problems.addAll(none.whyNotCreate(table));
    }
    SchemaComparison.OWN_TABLES.forEach(table -> statements.addAll(table.creation()));
    return new Plan(statements, TargetSchema.warnings(schema.tables()), problems);
  }

  private static boolean fits(Plan plan) {
    return plan.problems().isEmpty();
  }

  private static Plan execute(
      Connection connection, Schema schema, Instant now, Inspection inspection, Duration turn)
      throws SQLException {
    AdvisoryLock.TABLES.acquire(connection, turn);
    try (Statement sql = connection.createStatement()) {
      Comparison comparison = SchemaComparison.of(connection, schema, now);
      if (comparison.plan().problems().isEmpty()) {
        for (String statement : comparison.statements()) {
          DdlTransaction.execute(sql, statement);
        }
        upgrade(sql, comparison.upgrades());
        createPartitions(sql, comparison);
        Inspection.Findings findings = inspection.inspect(connection);
        comparison.warn(findings.warnings());
        comparison.refuse(findings.problems());
      }
      return comparison.plan();
    }
  }

  /**
   * Flushes queue behind this while another session reads one of the tables, so the wait is
   * limited.
   */
  private static void upgrade(Statement sql, List<String> statements) throws SQLException {
    if (!statements.isEmpty()) {
      DdlTransaction.limitLockWait(sql, UPGRADE_LOCK_WAIT);
    }
    for (String statement : statements) {
      DdlTransaction.execute(sql, statement);
    }
  }

  /** For existing tables. A lock on one of them does not make a start fail. */
  private static void createPartitions(Statement sql, Comparison comparison) throws SQLException {
    if (comparison.partitions().isEmpty()) {
      return;
    }
    DdlTransaction.limitLockWait(sql, DdlTransaction.LOCK_WAIT);
    for (Step step : comparison.partitions()) {
      Savepoint before = sql.getConnection().setSavepoint();
      try {
        for (String statement : step.statements()) {
          DdlTransaction.execute(sql, statement);
        }
      } catch (SQLException e) {
        if (!DdlTransaction.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
          throw e;
        }
        sql.getConnection().rollback(before);
        comparison.postpone(step, e.getMessage() + "; retried every 5 minutes");
      }
    }
  }
}
