package attolytics.database;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What would make the database fit the schema, and lose nothing.
 *
 * @param steps in the order in which they are done, each of use without those that follow
 * @param left what somebody has to decide or may not be done by this user: each with what to do
 * @param notes what is good to know and calls for nothing
 */
public record Migration(List<Step> steps, List<String> left, List<String> notes) {
  /**
   * A step.
   *
   * @param statements SQL without semicolons, to be run in one transaction
   * @param concurrent whether it is a single one that PostgreSQL runs beside writers, and outside a
   *     transaction only
   * @param note what to know before, or null
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

  /** Whether the database fits. */
  public boolean isDone() {
    return steps.isEmpty() && left.isEmpty();
  }
}
