package attolytics.database.migration;

import java.util.List;

/**
 * What a start does to the database.
 *
 * @param statements the SQL that it runs, in order, without semicolons
 * @param warnings what should be changed but does not prevent a start
 * @param problems reasons why a start is refused, each with table and column
 */
public record Plan(List<String> statements, List<String> warnings, List<String> problems) {
  public Plan {
    statements = List.copyOf(statements);
    warnings = List.copyOf(warnings);
    problems = List.copyOf(problems);
  }
}
