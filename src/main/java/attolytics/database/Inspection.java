package attolytics.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Looks at the database once all tables are there, before that is committed or rolled back. */
@FunctionalInterface
public interface Inspection {
  Inspection NONE = connection -> Findings.NONE;

  /** Leaves nothing behind. */
  Findings inspect(Connection connection) throws SQLException;

  /**
   * What an inspection finds.
   *
   * @param warnings what is better mended but stops nothing
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
