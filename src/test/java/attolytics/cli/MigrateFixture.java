package attolytics.cli;

import attolytics.app.CommandResult;
import attolytics.database.migration.Migrator;
import attolytics.database.migration.Migrator.LockWait;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaFile;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** Migrations of a database. */
abstract class MigrateFixture extends CommandDatabaseFixture {
  static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: time, type: timestamp, indexed: brin}
            - {name: kind, indexed: true, required: true}
            - {name: n, type: i64}
            - {name: f, type: f64}
            - {name: optional}
            - {name: data, type: json, indexed: true}
        fresh:
          columns: [{name: x, indexed: true}]
      apps: {a: {secret_key: sesame, tables: [t, fresh]}}
      """;

  /** Lacks a column that is indexed and one that is required, among other things. */
  static final String OLD_TABLE =
      "CREATE TABLE t (time timestamptz, n int4, f float4, optional text NOT NULL, gone text NOT"
          + " NULL, kept text); INSERT INTO t VALUES (now(), 7, 0.5, 'o', 'g', 'k')";

  /** Far more than anything here takes, and less than a hang. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  static final LockWait SHORT =
      new LockWait(Duration.ofMillis(50), Duration.ofMillis(50), 3, Duration.ofMillis(200));
  static final LockWait LONG =
      new LockWait(Duration.ofMillis(50), Duration.ofMillis(50), 1_000, Duration.ofMinutes(5));

  int apply(String yaml, LockWait lockWait) throws Exception {
    return apply(yaml, lockWait, new CountDownLatch(1));
  }

  int apply(String yaml, LockWait lockWait, CountDownLatch stop) throws Exception {
    Schema schema = SchemaFile.read(file(yaml), Map.of());
    DatabaseUrl url = DatabaseUrl.parse(database.url());
    Migrator.Result result =
        Migrator.apply(
            url, schema, Duration.ofSeconds(30), InstantSource.system(), stop, () -> {}, lockWait);
    if (!result.failures().isEmpty()) {
      throw new StartException(result.failures());
    }
    return result.remaining().isDone() ? 0 : 3;
  }

  static String withX(String more) {
    return "tables: {t: {columns: [{name: x, %s}]}}\napps: {a: {secret_key: s, tables: [t]}}"
        .formatted(more);
  }

  CommandResult migrate(String yaml, String... options) throws Exception {
    return CommandResult.of(
        Map.of(), with(options, "migrate", "--schema=" + file(yaml), "--db_url=" + database.url()));
  }

  /** Name, type and whether NOT NULL. */
  List<String> columns() throws SQLException {
    return query(
        "SELECT concat_ws(' ', attname, atttypid::regtype, attnotnull) FROM pg_attribute"
            + " WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1");
  }

  /** Method, column and whether valid, without primary keys. */
  List<String> indexes(String table) throws SQLException {
    return query(
        "SELECT concat_ws(' ', amname, attname, indisvalid) FROM pg_index"
            + " JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam"
            + " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
            + " WHERE indrelid = '"
            + table
            + "'::regclass ORDER BY 1");
  }
}
