package attolytics.schema.yaml;

import java.util.List;

/** A schema file that cannot be used. Holds every problem of it, not just the first. */
public final class SchemaException extends Exception {
  @SuppressWarnings("serial") // never serialised
  private final List<String> problems;

  SchemaException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /**
   * In the order of the file, each {@code file:line:column: what, and what was expected}; without a
   * line and column if the file could not be read at all. Never holds a secret key.
   */
  public List<String> problems() {
    return problems;
  }
}
