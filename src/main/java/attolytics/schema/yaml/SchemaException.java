package attolytics.schema.yaml;

import java.util.List;

/** Thrown for an invalid schema file, with all of its problems. */
public final class SchemaException extends Exception {
  @SuppressWarnings("serial") // never serialised
  private final List<String> problems;

  SchemaException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /**
   * The problems in the order of the file, each as {@code file:line:column: what, what is
   * expected}, without line and column if the file could not be read. They contain no secret keys.
   */
  public List<String> problems() {
    return problems;
  }
}
