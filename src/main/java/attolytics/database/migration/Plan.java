package attolytics.database.migration;

import java.util.List;

/**
 * What a start would do.
 *
 * @param statements the SQL it would run, in that order, without a semicolon
 * @param warnings what is better mended but stops nothing
 * @param problems each a reason not to start, naming table and column
 */
public record Plan(List<String> statements, List<String> warnings, List<String> problems) {
  public Plan {
    statements = List.copyOf(statements);
    warnings = List.copyOf(warnings);
    problems = List.copyOf(problems);
  }
}
