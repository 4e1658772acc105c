package attolytics.database;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The changes that make the database match the schema and lose no data.
 *
 * @param steps in order; each is useful without those after it
 * @param left what has to be done by hand, because it needs a decision or another user
 * @param notes information that requires no action
 */
public record Migration(List<Step> steps, List<String> left, List<String> notes) {
  /**
   * A step of a migration.
   *
   * @param statements SQL without semicolons, run in one transaction
   * @param concurrent whether it is a single statement that does not block writers, and that
   *     PostgreSQL runs only outside of a transaction
   * @param note printed before the statements, or null
   */
  public record Step(List<String> statements, boolean concurrent, @Nullable String note) {
    public Step {
      statements = List.copyOf(statements);
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
    notes = List.copyOf(notes);
  }

  /** Whether the database matches the schema. */
  public boolean isDone() {
    return steps.isEmpty() && left.isEmpty();
  }
}
