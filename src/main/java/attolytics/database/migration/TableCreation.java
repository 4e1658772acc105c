package attolytics.database.migration;

import attolytics.database.AdvisoryLock;
import attolytics.database.DdlTransaction;
import attolytics.database.Inspection;
import attolytics.database.Migration.Step;
import attolytics.database.Progress;
import attolytics.database.migration.Comparison.Missing;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Creates what a comparison finds missing, in parts that leave the server locks for others. It
 * compares again before each part, as another instance may have created a part meanwhile.
 */
final class TableCreation {
  /**
   * Of a part. The locks of one transaction last until it ends, and all sessions share those that a
   * server has: by default 64 for each connection that it allows. A partition takes three
   * statements, and locks itself, its TOAST table, the index of that, and its own indexes.
   */
  private static final int MAX_STATEMENTS = 200;

  /**
   * For a lock on one of the service's own tables, which flushes of other instances hold briefly.
   */
  private static final Duration UPGRADE_LOCK_WAIT = Duration.ofSeconds(5);

  /**
   * What one transaction has created.
   *
   * @param statements that it has executed, unless it is the last one
   */
  private record Part(Comparison comparison, List<String> statements, boolean isLast) {
    boolean fits() {
      return comparison.numberOfProblems() == 0;
    }

    List<String> executed() {
      return isLast ? comparison.plan().statements() : statements;
    }
  }

  private final Connection connection;
  private final Schema schema;
  private final Instant now;
  private final Inspection inspection;
  private final Duration turn;
  private final Progress progress;
  private final List<String> created = new ArrayList<>();
  private final Set<String> warnings = new LinkedHashSet<>();
  private final Set<String> foundWarnings = new LinkedHashSet<>();
  private final Set<String> foundProblems = new LinkedHashSet<>();

  /** Partitions of locked tables, and why. Not tried again after the rehearsal: each try waits. */
  private final Map<Step, String> postponed = new LinkedHashMap<>();

  private boolean rehearsed;

  TableCreation(
      Connection connection,
      Schema schema,
      Instant now,
      Inspection inspection,
      Duration turn,
      Progress progress) {
    this.connection = connection;
    this.schema = schema;
    this.now = now;
    this.inspection = inspection;
    this.turn = turn;
    this.progress = progress;
  }

  /**
   * Creates everything. What takes more than one part is rehearsed before, as a part that has been
   * committed stays if the database refuses a later one.
   */
  Plan run() throws SQLException {
    while (true) {
      progress.check();
      Part part = DdlTransaction.run(connection, this::isToStay, this::createPart);
      if (!part.isLast() && !rehearsed) {
        Plan plan = rehearse();
        if (!plan.problems().isEmpty()) {
          return plan;
        }
        rehearsed = true;
        foundWarnings.clear(); // the trials are repeated
        continue;
      }
      if (part.fits()) {
        progress.committed(part.executed());
      }
      created.addAll(part.executed());
      Plan plan = part.comparison().plan();
      warnings.addAll(plan.warnings());
      if (part.isLast()) {
        return new Plan(created, List.copyOf(warnings), plan.problems());
      }
    }
  }

  private boolean isToStay(Part part) {
    return part.fits() && (part.isLast() || rehearsed);
  }

  private Part createPart() throws SQLException {
    Comparison comparison = compare();
    if (comparison.numberOfProblems() > 0) {
      return new Part(comparison, List.of(), true);
    }
    try (Statement sql = connection.createStatement()) {
      List<Missing> tables = first(comparison.missing(), Missing::statements);
      List<String> statements = new ArrayList<>(create(sql, tables));
      if (tables.size() < comparison.missing().size()) {
        return new Part(comparison, statements, false);
      }
      upgrade(sql, comparison.upgrades());
      postponed.forEach(comparison::postpone);
      List<Step> missing = comparison.partitions();
      List<Step> partitions = first(missing, Step::statements);
      createPartitions(sql, partitions, comparison, false);
      if (partitions.size() < missing.size()) {
        statements.addAll(comparison.upgrades());
        partitions.stream()
            .filter(step -> !postponed.containsKey(step))
            .forEach(step -> statements.addAll(step.statements()));
        return new Part(comparison, statements, false);
      }
      note(inspection.inspect(connection));
      report(comparison);
      return new Part(comparison, List.of(), true);
    }
  }

  /** Creates everything and rolls it back, each part before the next one. */
  Plan rehearse() throws SQLException {
    Set<Table> tried = new HashSet<>();
    while (true) {
      progress.check();
      Part part = DdlTransaction.run(connection, each -> false, () -> rehearsePart(tried));
      if (part.isLast()) {
        return part.comparison().plan();
      }
    }
  }

  private Part rehearsePart(Set<Table> tried) throws SQLException {
    Comparison comparison = compare();
    if (comparison.numberOfProblems() > 0) {
      return new Part(comparison, List.of(), true);
    }
    List<Missing> left =
        comparison.missing().stream().filter(each -> !tried.contains(each.table())).toList();
    List<Missing> tables = left.stream().filter(each -> each.table() != null).toList();
    Set<Table> part = tables(first(tables, Missing::statements));
    tried.addAll(part);
    boolean isLast = part.size() == tables.size();
    try (Statement sql = connection.createStatement()) {
      // Schemas and the service's own tables in each part, which needs them.
      create(sql, left.stream().filter(each -> isOf(part, each)).toList());
      upgrade(sql, comparison.upgrades());
      if (!isLast) {
        note(inspection.inspect(connection, part::contains));
        return new Part(comparison, List.of(), false);
      }
      postponed.forEach(comparison::postpone);
      createPartitions(sql, comparison.partitions(), comparison, true);
      Set<Table> absent = tables(comparison.missing());
      absent.removeAll(part);
      note(inspection.inspect(connection, table -> !absent.contains(table)));
      report(comparison);
      return new Part(comparison, List.of(), true);
    }
  }

  private static boolean isOf(Set<Table> part, Missing missing) {
    return missing.table() == null || part.contains(missing.table());
  }

  private Comparison compare() throws SQLException {
    AdvisoryLock.TABLES.acquire(connection, turn, progress);
    return SchemaComparison.of(connection, schema, now);
  }

  /** The first of them: at least one, and then as many as fit into a part. */
  private static <T> List<T> first(List<T> all, Function<T, List<String>> statements) {
    int end = 0;
    int size = 0;
    while (end < all.size()
        && (end == 0 || size + statements.apply(all.get(end)).size() <= MAX_STATEMENTS)) {
      size += statements.apply(all.get(end)).size();
      end++;
    }
    return all.subList(0, end);
  }

  private static Set<Table> tables(List<Missing> of) {
    return of.stream()
        .map(Missing::table)
        .filter(Objects::nonNull)
        .collect(Collectors.toCollection(HashSet::new));
  }

  private static List<String> create(Statement sql, List<Missing> missing) throws SQLException {
    List<String> statements = missing.stream().flatMap(each -> each.statements().stream()).toList();
    for (String statement : statements) {
      DdlTransaction.execute(sql, statement);
    }
    return statements;
  }

  private void note(Inspection.Findings findings) {
    foundWarnings.addAll(findings.warnings());
    foundProblems.addAll(findings.problems());
  }

  /** What the inspections of all parts have found, each once. */
  private void report(Comparison comparison) {
    comparison.warn(List.copyOf(foundWarnings));
    comparison.refuse(List.copyOf(foundProblems));
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

  /**
   * For existing tables. A lock on one of them does not make a start fail.
   *
   * @param rollBack each of them before the next
   */
  private void createPartitions(
      Statement sql, List<Step> steps, Comparison comparison, boolean rollBack)
      throws SQLException {
    if (steps.isEmpty()) {
      return;
    }
    DdlTransaction.limitLockWait(sql, DdlTransaction.LOCK_WAIT);
    for (Step step : steps) {
      progress.check(); // each may wait for a lock
      Savepoint before = connection.setSavepoint();
      try {
        for (String statement : step.statements()) {
          DdlTransaction.execute(sql, statement);
        }
        if (rollBack) {
          connection.rollback(before);
        }
      } catch (SQLException e) {
        if (!DdlTransaction.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
          throw e;
        }
        connection.rollback(before);
        String why = e.getMessage() + "; retried every 5 minutes";
        postponed.put(step, why);
        comparison.postpone(step, why);
      }
    }
  }
}
