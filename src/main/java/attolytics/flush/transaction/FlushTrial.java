package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.database.Inspection;
import attolytics.database.Inspection.Findings;
import attolytics.schema.Quarantine;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Tries every statement that a flush needs, before the first request arrives. A server that speaks
 * PostgreSQL's protocol need not support all of them: it is refused with its own error, or used
 * without what no guarantee depends on. Everything is rolled back.
 */
public final class FlushTrial implements Inspection {
  /** For each statement, so that a locked table does not block a start. */
  private static final TimeLimits LIMITS =
      new TimeLimits(1_000, Duration.ofSeconds(10).toNanos(), Duration.ofMinutes(1).toNanos());

  private static final Duration TTL = Duration.ofDays(1);

  /** A lock timeout, a statement timeout: they say nothing about the statement. */
  private static final Set<String> NO_VERDICT = Set.of("55P03", "57014");

  private static final String NOT_ALLOWED_NOW = "55000";

  private final List<Table> tables;
  private final Set<String> warnings = new LinkedHashSet<>();
  private final Set<String> problems = new LinkedHashSet<>();
  private OutcomeLookup lookup = OutcomeLookup.BY_TRANSACTION;

  /**
   * @param tables that are to take rows, besides the quarantine
   */
  public FlushTrial(List<Table> tables) {
    this.tables = Stream.concat(tables.stream(), Stream.of(Quarantine.TABLE)).toList();
  }

  /** What the server supports; known after the trial. */
  public OutcomeLookup lookup() {
    return lookup;
  }

  /** What it has found that does not keep a flush from working. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  @Override
  public Findings inspect(Connection connection) throws SQLException {
    return inspect(connection, table -> true);
  }

  @Override
  public Findings inspect(Connection connection, Predicate<Table> some) throws SQLException {
    if (tryBegin(connection)) {
      tryKeys(connection);
      for (Table table : tables) {
        if (some.test(table)) {
          tryCopy(connection, table);
        }
      }
    }
    return new Findings(List.copyOf(warnings), List.copyOf(problems));
  }

  private boolean tryBegin(Connection connection) throws SQLException {
    String unnamed = attempt(connection, () -> begin(connection, OutcomeLookup.BY_KEY));
    if (unnamed != null) {
      refuse("cannot limit the time of a transaction", unnamed);
      return false;
    }
    String named =
        attempt(
            connection, () -> begin(connection, OutcomeLookup.BY_TRANSACTION).status(connection));
    if (named != null) {
      lookup = OutcomeLookup.BY_KEY;
      warnings.add(
          "the server does not tell what became of a transaction (%s): if the connection is lost in"
                  .formatted(named)
              + " a COMMIT, a request without an Idempotency-Key gets 504; send requests with one");
    }
    String constraints = attempt(connection, () -> Commit.checkConstraints(connection));
    if (constraints != null) {
      refuse("cannot check deferred constraints", constraints);
    }
    return true;
  }

  private static TransactionId begin(Connection connection, OutcomeLookup lookup)
      throws SQLException {
    return TransactionId.begin(connection, LIMITS, lookup);
  }

  private void tryKeys(Connection connection) throws SQLException {
    Batch batch = new Batch(1);
    batch.identify(new IdempotencyKey("", "trial " + UUID.randomUUID(), new byte[32]));
    Batch lookedUp = new Batch(1);
    lookedUp.lookUp(new IdempotencyKey("", "trial " + UUID.randomUUID(), new byte[32]));
    KeyClaims keys = new KeyClaims(TTL);
    String claim =
        attempt(
            connection,
            () -> {
              begin(connection, lookup);
              keys.claim(connection, List.of(batch, lookedUp));
              keys.claim(connection, List.of(batch)); // a repeat is looked up
              KeyClaims.updateNoAnswer(connection);
            });
    if (claim != null) {
      refuse("cannot claim an Idempotency-Key", claim);
    }
    String sorting =
        attempt(
            connection,
            () -> {
              begin(connection, lookup);
              KeyClaims.findLocked(connection, List.of(batch), LIMITS.lockMillis());
            });
    if (sorting != null) {
      warnings.add(
          "the server cannot tell which Idempotency-Keys are locked (%s): while one is, all"
                  .formatted(sorting)
              + " requests with a key wait");
    }
    String purge =
        attempt(
            connection,
            () -> {
              begin(connection, lookup);
              KeyPurge.deleteNone(connection);
            });
    if (purge != null) {
      refuse("cannot purge Idempotency-Keys", purge);
    }
  }

  private void tryCopy(Connection connection, Table table) throws SQLException {
    try {
      inSavepoint(
          connection,
          () -> {
            begin(connection, lookup);
            BinaryCopy.copyNothing(connection.unwrap(PGConnection.class).getCopyAPI(), table);
          });
      if (!table.deduplicateBy().isEmpty()) {
        inSavepoint(connection, () -> writeNothingTwice(connection, table));
      }
    } catch (SQLException e) {
      String what = "table %s: writing no rows failed: ".formatted(table.name());
      if (isForGood(e)) {
        problems.add(what + words(e) + "; requests for it could not be stored");
      } else {
        warnings.add(what + words(e) + "; requests for it may fail");
      }
    }
  }

  /** Both ways of a table with deduplicate_by. */
  private void writeNothingTwice(Connection connection, Table table) throws SQLException {
    begin(connection, lookup);
    TableWriter writer = new TableWriter();
    try {
      writer.copy(connection, table, List.of());
      writer.insert(connection, table, List.of());
    } catch (FlushException e) {
      throw e.sql();
    }
  }

  /** Anything else that a trigger or another node reports may be temporary. */
  private static boolean isForGood(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    return state.startsWith("42") || state.startsWith("0A") || state.equals(NOT_ALLOWED_NOW);
  }

  private void refuse(String what, String words) {
    problems.add("the server " + what + ", which every flush needs: " + words);
  }

  /** What is tried. */
  @FunctionalInterface
  private interface Statements {
    void run() throws SQLException;
  }

  /**
   * Tries the statements.
   *
   * @return why the server cannot run them, or null
   * @throws SQLException if the connection is lost
   */
  private static @Nullable String attempt(Connection connection, Statements statements)
      throws SQLException {
    try {
      inSavepoint(connection, statements);
      return null;
    } catch (SQLException e) {
      return NO_VERDICT.contains(String.valueOf(e.getSQLState())) ? null : words(e);
    }
  }

  private static void inSavepoint(Connection connection, Statements statements)
      throws SQLException {
    Savepoint before = connection.setSavepoint();
    try {
      statements.run();
    } finally {
      connection.rollback(before); // which fails if the connection is lost
    }
  }

  private static String words(SQLException e) {
    return "SQLSTATE " + e.getSQLState() + ", " + CopyError.primaryMessage(e);
  }
}
