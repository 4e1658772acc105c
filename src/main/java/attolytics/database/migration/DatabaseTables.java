package attolytics.database.migration;

import attolytics.database.DdlTransaction;
import attolytics.database.Inspection;
import attolytics.database.Migration;
import attolytics.database.Progress;
import attolytics.database.StepRunner;
import attolytics.database.partition.PartitionNames;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
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

  private DatabaseTables() {}

  /**
   * Compares, and creates what is missing if there are no problems: in one transaction, or in
   * several if it is much, which are rehearsed before, and which only one instance at a time runs.
   * The connection must not be in a transaction, and is in none afterwards. A partition whose table
   * is locked is postponed, with a warning.
   *
   * @param now for which partitions are created
   * @param inspection a final check; if it finds problems, the last transaction is rolled back
   * @param progress gets what is created, and can end it
   * @return the plan, which has been executed if it has no problems
   * @throws SQLException if a query or statement fails, with which the message begins; nothing is
   *     changed then except by earlier transactions
   */
  public static Plan prepare(
      Connection connection, Schema schema, Instant now, Inspection inspection, Progress progress)
      throws SQLException {
    return new TableCreation(connection, schema, now, inspection, TURN, progress).run();
  }

  /** Does the same to its end. */
  public static Plan prepare(
      Connection connection, Schema schema, Instant now, Inspection inspection)
      throws SQLException {
    return prepare(connection, schema, now, inspection, Progress.IGNORED);
  }

  /** Does the same without an inspection. */
  public static Plan prepare(Connection connection, Schema schema, Instant now)
      throws SQLException {
    return prepare(connection, schema, now, Inspection.NONE);
  }

  static Plan prepare(Connection connection, Schema schema, Instant now, Duration turn)
      throws SQLException {
    return new TableCreation(connection, schema, now, Inspection.NONE, turn, Progress.IGNORED)
        .run();
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
    return new TableCreation(connection, schema, now, inspection, TURN, Progress.IGNORED)
        .rehearse();
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
}
