package attolytics.app;

import attolytics.database.Connector;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.flush.FlushTrial;
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

/**
 * The steps that a start, a reload and {@code check} share, so that they come to the same result.
 */
public final class StartSteps {
  private StartSteps() {}

  /**
   * Reads the schema file.
   *
   * @param environment where secret keys may be kept
   */
  public static Schema readSchema(Settings settings, Map<String, String> environment)
      throws StartException {
    // Where another one goes before it, nobody minds the file's.
    Consumer<String> checkUrl = settings.databaseUrl() == null ? DatabaseUrl::parse : ignored -> {};
    try {
      return SchemaFile.read(settings.schema(), environment, checkUrl);
    } catch (SchemaException e) {
      throw new StartException(e.problems());
    }
  }

  /** The database that is configured, or null: the embedded one. */
  public static @Nullable DatabaseUrl configuredUrl(Settings settings, Schema schema) {
    if (settings.databaseUrl() != null) {
      return settings.databaseUrl();
    }
    return schema.databaseUrl() == null ? null : DatabaseUrl.parse(schema.databaseUrl());
  }

  /**
   * Compares the schema with the database, creates what is missing, and tries what a flush needs.
   *
   * @param trial of the schema's tables
   * @param create false to undo it at the end
   * @param now by which partitions are made
   * @return what was created, and warnings
   * @throws StartException if the database could not be asked
   */
  public static Plan prepareTables(
      Connection connection, Schema schema, FlushTrial trial, boolean create, Instant now)
      throws StartException {
    try {
      return create
          ? DatabaseTables.prepare(connection, schema, now, trial)
          : DatabaseTables.rehearse(connection, schema, now, trial);
    } catch (SQLException e) {
      throw Connector.refused("refused to show or create the tables", e);
    }
  }
}
