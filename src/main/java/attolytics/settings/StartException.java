package attolytics.settings;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A start cannot succeed until the user has changed something. The command line prints one line per
 * problem, without a stack trace, so each problem says what is wrong, where, and what to do.
 */
public final class StartException extends Exception {
  private static final long serialVersionUID = 1;

  @SuppressWarnings("serial") // List.copyOf gives a serializable list
  private final List<String> problems;

  /**
   * @param problems at least one, each a single line without a password
   */
  public StartException(List<String> problems) {
    super(String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  public StartException(String problem) {
    this(List.of(problem));
  }

  public StartException(String problem, @Nullable Throwable cause) {
    this(problem);
    initCause(cause);
  }

  public List<String> problems() {
    return problems;
  }
}
