package attolytics.database;

import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Predicate;

/**
 * Checks the database after tables are created, before the transaction ends: after all of them, or,
 * if it is rolled back, after those of each part.
 */
@FunctionalInterface
public interface Inspection {
  Inspection NONE = connection -> Findings.NONE;

  /** Checks, and changes nothing. */
  Findings inspect(Connection connection) throws SQLException;

  /**
   * The same while not all tables exist.
   *
   * @param tables which of the schema's tables to check
   */
  default Findings inspect(Connection connection, Predicate<Table> tables) throws SQLException {
    return inspect(connection);
  }

  /**
   * The result of an inspection.
   *
   * @param warnings what should be changed but does not prevent a start
   * @param problems each a reason not to start
   */
  record Findings(List<String> warnings, List<String> problems) {
    public static final Findings NONE = new Findings(List.of(), List.of());

    public Findings {
      warnings = List.copyOf(warnings);
      problems = List.copyOf(problems);
    }
  }
}
