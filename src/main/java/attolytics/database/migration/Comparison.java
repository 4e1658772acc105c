package attolytics.database.migration;

import attolytics.database.Migration;
import attolytics.database.Migration.Step;
import attolytics.database.partition.PartitionCheck;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects the differences between a schema and the database, for a start or for a migration. */
final class Comparison {
  /**
   * A schema or table that is missing.
   *
   * @param table of the schema file, or null
   */
  record Missing(@Nullable Table table, List<String> statements) {}

  private final List<Missing> missing = new ArrayList<>();
  private final List<String> statements = new ArrayList<>();
  private final List<String> upgrades = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<Step> creations = new ArrayList<>();
  private final List<String> left = new ArrayList<>();
  private final List<String> unsolved = new ArrayList<>();
  private final List<Table> unfit = new ArrayList<>();
  private final List<TableCheck> checks = new ArrayList<>();
  private final List<Step> uniqueIndexes = new ArrayList<>();
  private final List<Step> partitions = new ArrayList<>();

  void warn(List<String> of) {
    warnings.addAll(of);
  }

  /** Adds a warning that is a note on the steps of a migration, too. */
  void point(String out) {
    warnings.add(out);
    notes.add(out);
  }

  /** Adds problems that only a user can solve. */
  void refuse(List<String> why) {
    problems.addAll(why);
    left.addAll(why);
    unsolved.addAll(why);
  }

  /**
   * Adds a missing schema, or a missing table of the service's own.
   *
   * @param whyNot reasons why it cannot be created, or none
   */
  void create(List<String> creation, List<String> whyNot) {
    create(null, creation, whyNot);
  }

  /**
   * Adds a missing table.
   *
   * @param whyNot reasons why it cannot be created, or none
   */
  void create(@Nullable Table table, List<String> creation, List<String> whyNot) {
    missing.add(new Missing(table, creation));
    statements.addAll(creation);
    refuse(whyNot);
    if (whyNot.isEmpty()) {
      creations.add(new Step(creation, false, null));
    }
  }

  /** Adds a missing table of a schema that cannot be created itself. */
  void createLater(List<String> creation) {
    statements.addAll(creation);
  }

  /**
   * Adds the upgrade of one of the service's own tables.
   *
   * @param whyNot reasons why that is not possible, or none
   */
  void upgrade(List<String> statements, List<String> whyNot) {
    upgrades.addAll(statements);
    refuse(whyNot);
    if (whyNot.isEmpty()) {
      statements.forEach(statement -> creations.add(Step.of(statement, null)));
    }
  }

  /** Notes a table that has problems. */
  void noteUnfit(Table table) {
    unfit.add(table);
  }

  int numberOfProblems() {
    return problems.size();
  }

  /**
   * Adds an existing table.
   *
   * @param owned whether this user may run its steps
   */
  void check(TableCheck check, boolean owned) {
    check.run();
    warnings.addAll(check.warnings());
    problems.addAll(check.problems());
    left.addAll(check.left());
    unsolved.addAll(owned ? check.left() : check.problems());
    checks.add(check);
  }

  /**
   * Adds the unique index that an existing table needs.
   *
   * @param owned whether this user may run its steps
   */
  void check(DeduplicationCheck check, boolean owned) {
    problems.addAll(check.problems());
    left.addAll(check.left());
    unsolved.addAll(owned ? check.left() : check.problems());
    uniqueIndexes.addAll(check.steps());
  }

  /** Adds the partitions of an existing table. */
  void check(PartitionCheck check) {
    refuse(check.problems());
    warnings.addAll(check.warnings());
    partitions.addAll(check.missing());
  }

  /** The missing schemas and tables, in the order in which they can be created. */
  List<Missing> missing() {
    return missing;
  }

  /** The statements that upgrade the service's own tables. */
  List<String> upgrades() {
    return upgrades;
  }

  /** The steps that create missing partitions. */
  List<Step> partitions() {
    return List.copyOf(partitions);
  }

  /** Removes a partition, if it is still missing, with a warning. */
  void postpone(Step partition, String why) {
    if (partitions.remove(partition)) {
      warnings.add(why);
    }
  }

  Plan plan() {
    List<String> all = new ArrayList<>(statements);
    all.addAll(upgrades);
    partitions.forEach(step -> all.addAll(step.statements()));
    return new Plan(all, warnings, problems);
  }

  /** The quick steps come first, because services may wait for them. */
  Migration migration(Connection connection) throws SQLException {
    List<Step> steps = new ArrayList<>(creations);
    List<String> allNotes = new ArrayList<>(notes);
    for (TableCheck check : checks) {
      steps.addAll(check.changes());
      allNotes.addAll(check.notes());
    }
    steps.addAll(partitions);
    checks.forEach(check -> steps.addAll(check.rewrites()));
    steps.addAll(uniqueIndexes);
    for (TableCheck check : checks) {
      steps.addAll(check.indexes(connection, left));
    }
    return new Migration(steps, left, unsolved, unfit, allNotes);
  }
}
