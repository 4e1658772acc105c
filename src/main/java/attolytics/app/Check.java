package attolytics.app;

import attolytics.schema.DatabaseTables;
import attolytics.schema.DatabaseTables.Plan;
import attolytics.schema.Schema;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/**
 * {@code attolytics check}: tells what a start would create or refuse. What it prints is SQL, the
 * rest of it as comments, so that somebody with the privileges can run it.
 */
final class Check {
  private final Settings settings;
  private final PrintWriter out;

  private Check(Settings settings, PrintWriter out) {
    this.settings = settings;
    this.out = out;
  }

  /**
   * Checks, and changes nothing.
   *
   * @param environment where secret keys may be kept
   * @param out where the plan is printed, unless the settings are quiet
   * @return 0, for a start that would not be refused
   * @throws StartException with each reason why a start would be refused
   */
  static int run(Settings settings, Map<String, String> environment, PrintWriter out)
      throws StartException, InterruptedException {
    Schema schema = DatabaseSetup.readSchema(settings, environment);
    Check check = new Check(settings, out);
    check.comment(
        settings.schema()
            + ": tables "
            + schema.tables()
            + ", apps "
            + schema.apps().keySet().stream().sorted().toList());
    DatabaseUrl url = DatabaseSetup.configuredUrl(settings, schema);
    if (url != null) {
      check.compare(url, schema);
    } else {
      check.compareEmbedded(schema);
    }
    return 0;
  }

  private void compareEmbedded(Schema schema) throws StartException, InterruptedException {
    Path directory = settings.dataDir();
    if (!EmbeddedDatabase.existsIn(directory)) {
      EmbeddedDatabase.refuseToCreateIn(directory);
      comment(directory + ": an embedded PostgreSQL, once a start has set it up");
      print(DatabaseTables.planForNone(schema));
      return;
    }
    comment(directory + ": an embedded PostgreSQL");
    DatabaseUrl running = EmbeddedDatabase.runningIn(directory);
    if (running != null) {
      compare(running, schema);
      return;
    }
    try (EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
      compare(database.url(), schema);
    }
  }

  private void compare(DatabaseUrl url, Schema schema) throws StartException {
    try (Connection connection = DatabaseSetup.connect(url, settings.ackTimeout())) {
      comment(url + ": PostgreSQL " + connection.getMetaData().getDatabaseProductVersion());
      Plan plan = DatabaseSetup.prepareTables(connection, schema, false);
      print(plan);
      if (!plan.problems().isEmpty()) {
        throw new StartException(plan.problems());
      }
    } catch (SQLException e) {
      throw new StartException("the connection to the database was lost: " + e.getMessage(), e);
    }
  }

  private void print(Plan plan) {
    boolean refused = !plan.problems().isEmpty();
    if (plan.statements().isEmpty()) {
      comment(refused ? "a start would be refused" : "a start would create nothing");
    } else {
      comment(
          refused
              ? "a start would be refused; once what stands against it is mended, it would create"
              : "a start would create");
    }
    if (settings.verbosity() >= 0) {
      plan.statements().forEach(statement -> out.println(statement + ";"));
    }
    plan.warnings().forEach(warning -> comment("warning: " + warning));
  }

  /** On one line, whatever a name holds. */
  private void comment(String text) {
    if (settings.verbosity() >= 0) {
      out.println("-- " + DatabaseUrl.redact(text).replaceAll("\\R", " "));
    }
  }
}
