package attolytics.database.migration;

import attolytics.database.Migration;
import attolytics.database.Migration.Step;
import attolytics.database.partition.PartitionCheck;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What differs between a schema and the database: for a start, which creates, or for a migration.
 */
final class Comparison {
  private final List<String> statements = new ArrayList<>();
  private final List<String> upgrades = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final List<Step> creations = new ArrayList<>();
  private final List<String> left = new ArrayList<>();
  private final List<TableCheck> checks = new ArrayList<>();
  private final List<Step> partitions = new ArrayList<>();

  void warn(List<String> of) {
    warnings.addAll(of);
  }

  /** Why no table at all could be written to. */
  void refuse(List<String> why) {
    problems.addAll(why);
    left.addAll(why);
  }

  /**
   * Adds a table that is missing.
   *
   * @param whyNot it cannot be created, or nothing
   */
  void create(List<String> creation, List<String> whyNot) {
    statements.addAll(creation);
    refuse(whyNot);
    if (whyNot.isEmpty()) {
      creations.add(new Step(creation, false, null));
    }
  }

  /**
   * Adds what makes an older version's table of the service's own one of this version.
   *
   * @param whyNot it cannot be done, or nothing
   */
  void upgrade(List<String> statements, List<String> whyNot) {
    upgrades.addAll(statements);
    refuse(whyNot);
    if (whyNot.isEmpty()) {
      statements.forEach(statement -> creations.add(Step.of(statement, null)));
    }
  }

  /** Adds a table that exists. */
  void check(TableCheck check) {
    check.run();
    warnings.addAll(check.warnings());
    problems.addAll(check.problems());
    left.addAll(check.left());
    checks.add(check);
  }

  /** Adds how a table that exists is divided. */
  void check(PartitionCheck check) {
    refuse(check.problems());
    warnings.addAll(check.warnings());
    partitions.addAll(check.missing());
  }

  /** What creates the tables that are missing. */
  List<String> statements() {
    return statements;
  }

  /** What changes tables of the service's own. */
  List<String> upgrades() {
    return upgrades;
  }

  /** What makes the partitions that tables lack. */
  List<Step> partitions() {
    return List.copyOf(partitions);
  }

  /** Leaves a partition for later. */
  void postpone(Step partition, String why) {
    partitions.remove(partition);
    warnings.add(why);
  }

  Plan plan() {
    List<String> all = new ArrayList<>(statements);
    all.addAll(upgrades);
    partitions.forEach(step -> all.addAll(step.statements()));
    return new Plan(all, warnings, problems);
  }

  /** What takes no time first: the service may have to wait for it. */
  Migration migration(Connection connection) throws SQLException {
    List<Step> steps = new ArrayList<>(creations);
    List<String> notes = new ArrayList<>();
    for (TableCheck check : checks) {
      steps.addAll(check.changes());
      notes.addAll(check.notes());
    }
    steps.addAll(partitions);
    checks.forEach(check -> steps.addAll(check.rewrites()));
    for (TableCheck check : checks) {
      steps.addAll(check.indexes(connection));
    }
    return new Migration(steps, left, notes);
  }
}
