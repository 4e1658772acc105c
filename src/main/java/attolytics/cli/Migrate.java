package attolytics.cli;

import attolytics.app.StartSteps;
import attolytics.database.Connector;
import attolytics.database.Migration;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Migrator;
import attolytics.database.migration.Plan;
import attolytics.schema.Schema;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;

/** {@code attolytics migrate}: prints or runs the SQL that makes the database match the schema. */
public final class Migrate {
  /** The exit code if something is left to do. */
  static final int SOMETHING_LEFT = 3;

  private final Settings settings;
  private final SqlPrinter out;

  private Migrate(Settings settings, PrintWriter out) {
    this.settings = settings;
    this.out = new SqlPrinter(out, settings);
  }

  /**
   * Compares, and changes the database if asked to.
   *
   * @param environment which secret keys may refer to
   * @param apply whether to change the database, and print only what is left
   * @param out where the SQL is printed, unless the settings are quiet
   * @return 0 if nothing is left to do, else {@link #SOMETHING_LEFT}
   * @throws StartException with each step that failed; the others have been run
   */
  public static int run(
      Settings settings, boolean apply, Map<String, String> environment, PrintWriter out)
      throws StartException, InterruptedException {
    Schema schema = StartSteps.readSchema(settings, environment);
    Migrate migrate = new Migrate(settings, out);
    try (ConfiguredDatabase database = ConfiguredDatabase.find(settings, schema)) {
      if (database == null) {
        migrate.out.comment(settings.dataDir() + ": an embedded PostgreSQL, which a start creates");
        Plan plan = DatabaseTables.planForNone(schema, Instant.now());
        plan.statements().forEach(migrate.out::statement);
        plan.problems().forEach(migrate::printLeft);
        return SOMETHING_LEFT;
      }
      migrate.out.comment(database.url().toString());
      return apply
          ? migrate.apply(database, schema)
          : migrate.print(migrate.compare(database.url(), schema));
    }
  }

  private int apply(ConfiguredDatabase database, Schema schema)
      throws StartException, InterruptedException {
    Migrator.Result result =
        Migrator.apply(
            database.url(),
            schema,
            settings.ackTimeout(),
            InstantSource.system(),
            database.stop(),
            () -> {});
    int exitCode = print(result.remaining());
    if (!result.failures().isEmpty()) {
      throw new StartException(result.failures());
    }
    return exitCode;
  }

  private Migration compare(DatabaseUrl url, Schema schema) throws StartException {
    try (Connection connection = Connector.connect(url, settings.ackTimeout())) {
      return DatabaseTables.migration(connection, schema, Instant.now());
    } catch (SQLException e) {
      throw Connector.refused("refused to show the tables", e);
    }
  }

  private int print(Migration migration) {
    migration.notes().forEach(note -> out.comment("note: " + note));
    out.steps(migration);
    migration.left().forEach(this::printLeft);
    if (migration.isDone()) {
      out.comment("nothing is left to do");
    }
    return migration.isDone() ? 0 : SOMETHING_LEFT;
  }

  private void printLeft(String left) {
    out.comment("left to do by hand: " + left);
  }
}
