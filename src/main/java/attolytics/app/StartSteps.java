package attolytics.app;

import attolytics.database.Connector;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.flush.transaction.FlushTrial;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaException;
import attolytics.schema.yaml.SchemaFile;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The steps that a start, a reload and {@code check} have in common. */
public final class StartSteps {
  private StartSteps() {}

  /**
   * Reads the schema file.
   *
   * @param environment which secret keys may refer to
   */
  public static Schema readSchema(Settings settings, Map<String, String> environment)
      throws StartException {
    // The command line's URL takes precedence, so a mistake in the file's has no effect.
    Consumer<String> checkUrl = settings.databaseUrl() == null ? DatabaseUrl::parse : ignored -> {};
    try {
      return SchemaFile.read(settings.schema(), environment, checkUrl);
    } catch (SchemaException e) {
      throw new StartException(e.problems());
    }
  }

  /** The configured database, or null for the embedded one. */
  public static @Nullable DatabaseUrl configuredUrl(Settings settings, Schema schema) {
    if (settings.databaseUrl() != null) {
      return settings.databaseUrl();
    }
    return schema.databaseUrl() == null ? null : DatabaseUrl.parse(schema.databaseUrl());
  }

  /**
   * Creates what the schema has and the database has not, checks the rest, and tries what a flush
   * needs.
   *
   * @param trial of the schema's tables
   * @param now for which partitions are created
   * @param progress logs what is created
   * @return what was created, and warnings
   * @throws StartException if the database refuses, or does not fit the schema
   * @throws InterruptedException if it was stopped; what is logged as created stays
   */
  static Plan createTables(
      Connection connection, Schema schema, FlushTrial trial, Instant now, LoggedProgress progress)
      throws StartException, InterruptedException {
    Plan plan;
    try {
      plan = DatabaseTables.prepare(connection, schema, now, trial, progress);
    } catch (SQLException e) {
      if (progress.isStopped()) {
        throw new InterruptedException(e.getMessage());
      }
      throw tablesRefused(e);
    }
    if (!plan.problems().isEmpty()) {
      throw new StartException(plan.problems());
    }
    return plan;
  }

  /**
   * Does the same in a transaction that is rolled back, or in several if it is much.
   *
   * @return what would be created, warnings, and why a start would be refused
   * @throws StartException if the database refuses
   */
  public static Plan rehearse(Connection connection, Schema schema, FlushTrial trial, Instant now)
      throws StartException {
    try {
      return DatabaseTables.rehearse(connection, schema, now, trial);
    } catch (SQLException e) {
      throw tablesRefused(e);
    }
  }

  private static StartException tablesRefused(SQLException e) {
    return Connector.refused("refused to show or create the tables", e);
  }

  static StartException connectionLost(SQLException e) {
    return new StartException(
        "the connection to the database was lost: " + Connector.message(e), e);
  }
}
