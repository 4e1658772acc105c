package attolytics.schema;

import attolytics.schema.Migration.Step;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

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

  /** What else is found once all tables are there. */
  public record Findings(List<String> warnings, List<String> problems) {
    public static final Findings NONE = new Findings(List.of(), List.of());

    public Findings {
      warnings = List.copyOf(warnings);
      problems = List.copyOf(problems);
    }
  }

  /** Looks at the database once all tables are there, before that is committed or undone. */
  @FunctionalInterface
  public interface Inspection {
    Inspection NONE = connection -> Findings.NONE;

    /** Leaves nothing behind. */
    Findings inspect(Connection connection) throws SQLException;
  }

  /** The service's own tables, whatever the schema. */
  private static final List<OwnTable> OWN_TABLES = List.of(IdempotencyTable.TABLE);

  /** Any number will do, as long as every instance has the same: "attolyti" in ASCII. */
  static final long LOCK = 0x6174_746f_6c79_7469L;

  /** How long a start waits for its turn: the others create tables, which takes a moment. */
  private static final Duration TURN = Duration.ofSeconds(30);

  /**
   * Instead of those of roles and databases: what an operator wants of queries is nothing for DDL.
   * What an instance that is frozen has locked is free again when its session has been idle for too
   * long.
   */
  private static final String TIMEOUTS =
      """
      SELECT set_config(name,
        CASE name WHEN 'idle_in_transaction_session_timeout' THEN '60s' ELSE '0' END, true)
      FROM pg_catalog.pg_settings WHERE name IN
        ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')
      """;

  /** For what is locked of a table that exists: writers queue up behind who waits for it. */
  static final Duration LOCK_WAIT = Duration.ofSeconds(2);

  /** The SQLSTATE of a lock that was not to be had in time. */
  static final String LOCK_NOT_AVAILABLE = "55P03";

  private DatabaseTables() {}

  /**
   * Compares, and creates what is missing if nothing stands against it: all in one transaction, in
   * which instances that start at the same time take turns. The connection must not be in a
   * transaction, and is in none afterwards. A partition whose table is locked is left for later,
   * with a warning.
   *
   * @param now by which partitions are made
   * @param inspection a last look, whose problems undo it all
   * @return the plan; it was carried out if it has no problems
   * @throws SQLException if the database could not be asked or refused a statement, which the
   *     message tells; nothing was changed then
   */
  public static Plan prepare(
      Connection connection, Schema schema, Instant now, Inspection inspection)
      throws SQLException {
    return inTransaction(
        connection,
        DatabaseTables::fits,
        () -> carryOut(connection, schema, now, inspection, TURN));
  }

  /** Does the same, without a last look. */
  public static Plan prepare(Connection connection, Schema schema, Instant now)
      throws SQLException {
    return prepare(connection, schema, now, Inspection.NONE);
  }

  static Plan prepare(Connection connection, Schema schema, Instant now, Duration turn)
      throws SQLException {
    return inTransaction(
        connection,
        DatabaseTables::fits,
        () -> carryOut(connection, schema, now, Inspection.NONE, turn));
  }

  /** Does the same, by the system's clock. */
  public static Plan prepare(Connection connection, Schema schema) throws SQLException {
    return prepare(connection, schema, Instant.now());
  }

  /**
   * Does the same and undoes it, so that it fails for whatever would make {@link #prepare} fail.
   *
   * @return the plan; it could be carried out if it has no problems
   * @throws SQLException as {@link #prepare} would
   */
  public static Plan rehearse(
      Connection connection, Schema schema, Instant now, Inspection inspection)
      throws SQLException {
    return inTransaction(
        connection, plan -> false, () -> carryOut(connection, schema, now, inspection, TURN));
  }

  /** Does the same, without a last look. */
  public static Plan rehearse(Connection connection, Schema schema, Instant now)
      throws SQLException {
    return rehearse(connection, schema, now, Inspection.NONE);
  }

  /** Does the same, by the system's clock. */
  public static Plan rehearse(Connection connection, Schema schema) throws SQLException {
    return rehearse(connection, schema, Instant.now());
  }

  /**
   * Compares, and says how the database would come to fit; see {@link #carryOut(Connection, Step,
   * Duration)}. Changes nothing. The connection must not be in a transaction.
   *
   * @param now by which partitions are made
   */
  public static Migration migration(Connection connection, Schema schema, Instant now)
      throws SQLException {
    return inTransaction(
        connection,
        migration -> false,
        () -> compare(connection, schema, now).migration(connection));
  }

  /**
   * Takes a step of a migration, with all of its statements or none. The connection must not be in
   * a transaction. Tables are created in turn with instances that start.
   *
   * @param lockWait for the turn and for each lock; a step that is concurrent goes by what the
   *     session has
   * @throws SQLException if a statement was refused, which the message tells
   */
  public static void carryOut(Connection connection, Step step, Duration lockWait)
      throws SQLException {
    if (step.concurrent()) {
      try (Statement sql = connection.createStatement()) {
        execute(sql, step.statements().get(0));
      }
      return;
    }
    inTransaction(
        connection,
        done -> true,
        () -> {
          AdvisoryLock.TABLES.take(connection, lockWait);
          run(connection, step, lockWait);
          return step;
        });
  }

  /** Runs a step's statements in the transaction that is open. */
  static void run(Connection connection, Step step, Duration lockWait) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      limitLockWait(sql, lockWait);
      for (String statement : step.statements()) {
        execute(sql, statement);
      }
    }
  }

  private static void limitLockWait(Statement sql, Duration wait) throws SQLException {
    sql.execute("SET LOCAL lock_timeout = " + wait.toMillis());
  }

  /**
   * The plan for a database that does not exist yet, without extensions.
   *
   * @param now by which partitions are made
   */
  public static Plan planForNone(Schema schema, Instant now) {
    Distribution none = new Distribution(false, false);
    List<String> statements = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    PartitionNames names = new PartitionNames(schema.tables());
    for (Table table : schema.tables()) {
      statements.addAll(creation(table, now, names));
      problems.addAll(none.whyNotCreate(table));
    }
    OWN_TABLES.forEach(table -> statements.addAll(table.creation()));
    return new Plan(statements, List.of(), problems);
  }

  /** Work in one transaction. */
  @FunctionalInterface
  interface Work<T> {
    T get() throws SQLException;
  }

  /**
   * @param commit whether what comes of the work is to stay
   */
  static <T> T inTransaction(Connection connection, Predicate<? super T> commit, Work<T> work)
      throws SQLException {
    boolean autoCommit = connection.getAutoCommit();
    try {
      begin(connection);
      T result = work.get();
      if (commit.test(result)) {
        connection.commit();
      } else {
        connection.rollback();
      }
      return result;
    } catch (SQLException | RuntimeException e) {
      rollBack(connection, e);
      throw e;
    } finally {
      if (!connection.isClosed()) { // else it would hide why
        connection.setAutoCommit(autoCommit);
      }
    }
  }

  /** Begins a transaction. All that is set for it ends with it. */
  static void begin(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement sql = connection.createStatement()) {
      // With a stricter level the tables that another instance has just created stay invisible.
      execute(sql, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
      execute(sql, TIMEOUTS);
    }
  }

  private static boolean fits(Plan plan) {
    return plan.problems().isEmpty();
  }

  private static Plan carryOut(
      Connection connection, Schema schema, Instant now, Inspection inspection, Duration turn)
      throws SQLException {
    AdvisoryLock.TABLES.take(connection, turn);
    try (Statement sql = connection.createStatement()) {
      Comparison comparison = compare(connection, schema, now);
      if (comparison.plan().problems().isEmpty()) {
        for (String statement : comparison.statements()) {
          execute(sql, statement);
        }
        makePartitions(sql, comparison);
        Findings findings = inspection.inspect(connection);
        comparison.warn(findings.warnings());
        comparison.refuse(findings.problems());
      }
      return comparison.plan();
    }
  }

  /** Those of tables that are there: whoever holds one of them keeps no start from its end. */
  private static void makePartitions(Statement sql, Comparison comparison) throws SQLException {
    if (comparison.partitions().isEmpty()) {
      return;
    }
    limitLockWait(sql, LOCK_WAIT);
    for (Step step : comparison.partitions()) {
      Savepoint before = sql.getConnection().setSavepoint();
      try {
        for (String statement : step.statements()) {
          execute(sql, statement);
        }
      } catch (SQLException e) {
        if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
          throw e;
        }
        sql.getConnection().rollback(before);
        comparison.postpone(step, e.getMessage() + "; tried again every few minutes");
      }
    }
  }

  static void execute(Statement sql, String statement) throws SQLException {
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

  private static Comparison compare(Connection connection, Schema schema, Instant now)
      throws SQLException {
    Target target = Target.of(connection);
    Comparison comparison = new Comparison();
    comparison.refuse(target.problems());
    comparison.warn(target.warnings());
    if (!target.problems().isEmpty()) {
      return comparison;
    }
    PartitionNames names = new PartitionNames(schema.tables());
    Distribution distribution = Distribution.of(connection);
    comparison.warn(distribution.warnings(connection, schema));
    for (Table table : schema.tables()) {
      ExistingTable existing = ExistingTable.find(connection, table.name());
      Partitioning partitioning = table.partitioning();
      if (existing == null) {
        if (partitioning != null) {
          names.avoidThoseOf(connection);
        }
        List<String> whyNot = new ArrayList<>(target.whyNotCreate(connection, table.name()));
        whyNot.addAll(distribution.whyNotCreate(table));
        comparison.create(creation(table, now, names), whyNot);
      } else {
        comparison.check(new TableCheck(table, existing));
        comparison.refuse(distribution.problems(connection, table, existing));
        if (partitioning != null && existing.isTable()) {
          comparison.check(
              PartitionCheck.of(connection, table, partitioning, existing, now, names));
        }
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

  /** The statements that create a table with its indexes and partitions, on whichever machines. */
  private static List<String> creation(Table table, Instant now, PartitionNames names) {
    List<String> columns = new ArrayList<>();
    List<String> indexes = new ArrayList<>();
    for (Column column : table.columns()) {
      columns.add(definition(column));
      if (column.index() != Index.NONE) {
        indexes.add(createIndex("CREATE INDEX", Identifiers.quote(table.name()), column));
      }
    }
    List<String> statements = new ArrayList<>();
    String quoted = Identifiers.quote(table.name());
    Partitioning partitioning = table.partitioning();
    statements.add(
        "CREATE TABLE %s (%s)%s"
            .formatted(
                quoted,
                String.join(", ", columns),
                partitioning == null
                    ? ""
                    : " PARTITION BY RANGE (%s)"
                        .formatted(Identifiers.quote(partitioning.column().name()))));
    if (table.distributeBy() != null) {
      statements.add(Distribution.distribute(table.name(), table.distributeBy()));
    }
    statements.addAll(indexes);
    if (partitioning != null) {
      List<TimeRange> ranges = partitioning.missing(now, List.of());
      for (Step step : PartitionSql.creation(quoted, "", table, ranges, names)) {
        statements.addAll(step.statements());
      }
    }
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
