package attolytics.cli;

import attolytics.app.StartSteps;
import attolytics.database.Connector;
import attolytics.database.Migration;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.flush.transaction.FlushTrial;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * {@code attolytics check}: prints what a start would create or refuse. The output is SQL, with the
 * rest as comments, so that a user with the privileges can run it.
 */
public final class Check {
  private final Settings settings;
  private final SqlPrinter out;

  private Check(Settings settings, PrintWriter out) {
    this.settings = settings;
    this.out = new SqlPrinter(out, settings);
  }

  /**
   * Checks, and changes nothing.
   *
   * @param environment which secret keys may refer to
   * @param out where the plan is printed, unless the settings are quiet
   * @return 0: a start would not be refused
   * @throws StartException with each reason why a start would be refused
   */
  public static int run(Settings settings, Map<String, String> environment, PrintWriter out)
      throws StartException, InterruptedException {
    Schema schema = StartSteps.readSchema(settings, environment);
    Check check = new Check(settings, out);
    check.out.comment(
        settings.schema()
            + ": tables "
            + schema.tables()
            + ", apps "
            + schema.apps().keySet().stream().sorted().toList());
    try (ConfiguredDatabase database = ConfiguredDatabase.find(settings, schema)) {
      if (StartSteps.configuredUrl(settings, schema) == null) {
        check.out.comment(
            settings.dataDir()
                + ": an embedded PostgreSQL"
                + (database == null ? ", which a start creates" : ""));
      }
      if (database == null) {
        Plan plan = DatabaseTables.planForNone(schema, Instant.now());
        check.print(plan);
        refuseFor(plan.problems());
      } else {
        check.compare(database.url(), schema);
      }
    }
    return 0;
  }

  private void compare(DatabaseUrl url, Schema schema) throws StartException {
    try (Connection connection = Connector.connect(url, settings.ackTimeout())) {
      out.comment(url + ": PostgreSQL " + connection.getMetaData().getDatabaseProductVersion());
      List<String> problems =
          settings.migrate() ? rehearseMigration(connection, schema) : rehearse(connection, schema);
      refuseFor(problems);
    } catch (SQLException e) {
      throw Connector.refused("could not be compared with the schema file", e);
    }
  }

  private static void refuseFor(List<String> problems) throws StartException {
    if (!problems.isEmpty()) {
      throw new StartException(problems);
    }
  }

  private List<String> rehearse(Connection connection, Schema schema) throws StartException {
    Plan plan = tryToStart(connection, schema, new FlushTrial(schema.tables()));
    print(plan);
    return plan.problems();
  }

  /** Only prints the steps: some of them cannot be rolled back. Tries what they do not change. */
  private List<String> rehearseMigration(Connection connection, Schema schema)
      throws SQLException, StartException {
    Migration migration = DatabaseTables.migration(connection, schema, Instant.now());
    migration.notes().forEach(note -> out.comment("note: " + note));
    out.comment(migration.steps().isEmpty() ? "a start would change nothing" : "a start would run");
    out.steps(migration);
    if (!migration.unsolved().isEmpty()) {
      return migration.unsolved();
    }
    List<Table> tables =
        schema.tables().stream().filter(table -> !migration.unfit().contains(table)).toList();
    FlushTrial trial = new FlushTrial(tables);
    Plan plan =
        tryToStart(connection, new Schema(tables, schema.apps(), schema.databaseUrl()), trial);
    // The others are about what the steps do.
    warn(migration.isDone() ? plan.warnings() : trial.warnings());
    return plan.problems();
  }

  private static Plan tryToStart(Connection connection, Schema schema, FlushTrial trial)
      throws StartException {
    return StartSteps.rehearse(connection, schema, trial, Instant.now());
  }

  private void print(Plan plan) {
    boolean refused = !plan.problems().isEmpty();
    if (plan.statements().isEmpty()) {
      out.comment(refused ? "a start would be refused" : "a start would create nothing");
    } else {
      out.comment(
          refused
              ? "a start would be refused; after the problems are solved, it would create"
              : "a start would create");
    }
    plan.statements().forEach(out::statement);
    warn(plan.warnings());
  }

  private void warn(List<String> warnings) {
    warnings.forEach(warning -> out.comment("warning: " + warning));
  }
}
