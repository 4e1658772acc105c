package attolytics.database;

import attolytics.schema.Table;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The changes that make the database match the schema and lose no data.
 *
 * @param steps in order; each is useful without those after it
 * @param left what has to be done by hand, because it needs a decision or another user
 * @param unsolved why a start would be refused even after the steps that this user may run
 * @param unfit the tables to which no rows can be written before the steps
 * @param notes information that requires no action
 */
public record Migration(
    List<Step> steps,
    List<String> left,
    List<String> unsolved,
    List<Table> unfit,
    List<String> notes) {
  /**
   * A step of a migration.
   *
   * @param statements SQL without semicolons, run in one transaction
   * @param concurrent whether it is a single statement that does not block writers, and that
   *     PostgreSQL runs only outside of a transaction
   * @param note printed before the statements, or null
   * @param neededBy the statement of a later step that is not run if this one fails, or null
   */
  public record Step(
      List<String> statements,
      boolean concurrent,
      @Nullable String note,
      @Nullable String neededBy) {
    public Step {
      statements = List.copyOf(statements);
    }

    public Step(List<String> statements, boolean concurrent, @Nullable String note) {
      this(statements, concurrent, note, null);
    }

    public Step neededBy(String statement) {
      return new Step(statements, concurrent, note, statement);
    }

    public static Step of(String statement, @Nullable String note) {
      return new Step(List.of(statement), false, note);
    }

    public static Step concurrent(String statement) {
      return new Step(List.of(statement), true, null);
    }

    @Override
    public String toString() {
      return String.join("; ", statements);
    }
  }

  public Migration {
    steps = List.copyOf(steps);
    left = List.copyOf(left);
    unsolved = List.copyOf(unsolved);
    unfit = List.copyOf(unfit);
    notes = List.copyOf(notes);
  }

  /** The first step that has not failed and does not depend on one that has, or null. */
  public @Nullable Step next(Set<Step> failed) {
    Set<@Nullable String> prevented = new HashSet<>();
    for (Step step : steps) {
      if (failed.contains(step)) {
        prevented.add(step.neededBy());
      } else if (!prevented.contains(step.toString())) {
        return step;
      }
    }
    return null;
  }

  /** Whether the database matches the schema. */
  public boolean isDone() {
    return steps.isEmpty() && left.isEmpty();
  }
}
