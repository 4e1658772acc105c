package attolytics.cli;

import attolytics.app.StartSteps;
import attolytics.database.Connector;
import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import attolytics.database.migration.Plan;
import attolytics.flush.transaction.FlushTrial;
import attolytics.quarantine.ReplaySelection;
import attolytics.quarantine.Replayer;
import attolytics.schema.Quarantine;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code attolytics replay}: stores the events in quarantine that have become valid. */
public final class Replay {
  private Replay() {}

  /**
   * Replays.
   *
   * @param dryRun whether to change nothing
   * @param environment where secret keys may be kept
   * @param out where the result is printed, unless the settings are quiet
   * @return 0 if none of those selected is left, else {@link Migrate#SOMETHING_LEFT}
   */
  public static int run(
      Settings settings,
      ReplaySelection selection,
      boolean dryRun,
      Map<String, String> environment,
      PrintWriter out)
      throws StartException, InterruptedException {
    Schema schema = StartSteps.readSchema(settings, environment);
    try (ConfiguredDatabase database = ConfiguredDatabase.find(settings, schema)) {
      if (database == null) {
        throw noDatabase(settings);
      }
      Replayer.Summary summary =
          hasQuarantine(database.url(), schema, selection, settings)
              ? Replayer.run(
                  database.url(),
                  schema,
                  selection,
                  dryRun,
                  settings.ackTimeout(),
                  InstantSource.system(),
                  database.stop())
              : new Replayer.Summary(dryRun, 0, 0, Map.of(), 0);
      if (settings.verbosity() >= 0) {
        print(summary, out);
      }
      return summary.leftOver() == 0 ? 0 : Migrate.SOMETHING_LEFT;
    }
  }

  /** Unlike a start, which creates one: there is nothing to replay, or it is somewhere else. */
  private static StartException noDatabase(Settings settings) {
    return new StartException(
        "no database is configured, and %s has no embedded PostgreSQL; name the database with --db_url, ATTOLYTICS_DB_URL or database_url in %s, or the directory with --data_dir"
            .formatted(settings.dataDir(), settings.schema()));
  }

  /**
   * Whether there is a quarantine.
   *
   * @throws StartException if a start would be refused, or has to come first: each event would be
   *     refused, then
   */
  private static boolean hasQuarantine(
      DatabaseUrl url, Schema schema, ReplaySelection selection, Settings settings)
      throws StartException {
    try (Connection connection = Connector.connect(url, settings.ackTimeout())) {
      if (ExistingTable.find(connection, Identifiers.quote(Quarantine.NAME)) == null) {
        return false;
      }
      FlushTrial trial = new FlushTrial(schema.tables());
      Plan plan = StartSteps.rehearse(connection, schema, trial, Instant.now());
      if (!plan.problems().isEmpty()) {
        throw new StartException(plan.problems());
      }
      checkTables(connection, schema, selection);
      return true;
    } catch (SQLException e) {
      throw Connector.refused("could not be compared with the schema file", e);
    }
  }

  private static void checkTables(Connection connection, Schema schema, ReplaySelection selection)
      throws SQLException, StartException {
    List<String> problems = new ArrayList<>();
    for (Table table : schema.tables()) {
      String quoted = Identifiers.quote(table);
      if ((selection.table() == null || selection.table().equals(table.name()))
          && ExistingTable.find(connection, quoted) == null) {
        problems.add(
            "table %s does not exist; a start, a reload or attolytics migrate --apply creates it"
                .formatted(quoted));
      }
    }
    if (!problems.isEmpty()) {
      throw new StartException(problems);
    }
  }

  private static void print(Replayer.Summary summary, PrintWriter out) {
    String mood = summary.dryRun() ? "would be " : "";
    out.println(mood + "stored: " + summary.stored());
    out.println(mood + "duplicates: " + summary.duplicates());
    out.println(mood + "left: " + summary.leftOver());
    new TreeMap<>(summary.left()).forEach((code, n) -> out.println("  " + code + ": " + n));
    if (summary.locked() > 0) {
      out.println("  locked by other transactions: " + summary.locked());
    }
  }
}
