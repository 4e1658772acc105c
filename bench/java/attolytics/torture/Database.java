package attolytics.torture;

import attolytics.bench.process.PostgresServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The tables that are written to, with all that may refuse a row, and the role that the service
 * goes by. Thread-safe.
 */
final class Database {
  static final List<String> TABLES = List.of("a", "b", "c", "d");

  /** The table that is partitioned. */
  static final int PARTITIONED = 2;

  /** The table whose events are stored once, however often they are sent. */
  static final int DEDUPLICATED = 3;

  /** The tables that are written to, as a set of bits. */
  static final int ALL_TABLES = (1 << TABLES.size()) - 1;

  /** Stands for the table of Idempotency-Keys in such a set. */
  static final int KEYS = 1 << TABLES.size();

  /** Stands for the keys that another session holds. */
  static final int HELD_KEYS = KEYS << 1;

  /** Stands for the table of the events in quarantine. */
  static final int QUARANTINE = HELD_KEYS << 1;

  static final int EVERYTHING = ALL_TABLES | KEYS | HELD_KEYS | QUARANTINE;

  /** The values of {@code n} go from 0 to below. */
  static final int MAX_N = 1_000_000;

  /** A value of {@code uniq} that each plain table has. */
  static final String TAKEN = "taken";

  /** A note that no column holds. */
  static final String TOO_LONG = "\"note\":\"" + "long".repeat(15) + "\"";

  /** A column that only the corrected schema file has. */
  static final String CORRECTED_COLUMN = "extra";

  static final String ROLE = "attolytics";
  static final String APP = "torture";

  /** The app whose invalid events go to quarantine. */
  static final String LENIENT_APP = "lenient";

  static final String SECRET_KEY = "sesame";

  /** The number of the request that {@link #TAKEN} belongs to. */
  static final long NO_REQUEST = 0;

  /** After what wait for a lock the service's sessions look for a deadlock. */
  static final int DEADLOCK_MILLIS = 350;

  private static final long PATIENCE_SECONDS = 60;
  private static final String COLUMNS =
      "request INT8 NOT NULL, event INT4 NOT NULL, n INT4, note VARCHAR(40), uniq VARCHAR,"
          + " mood VARCHAR, pad TEXT, "
          + CORRECTED_COLUMN
          + " TEXT";

  private final PostgresServer server;
  private final String password;

  /**
   * @param password that the role is to have
   */
  Database(PostgresServer server, String password) {
    this.server = server;
    this.password = password;
  }

  static boolean isPartitioned(int table) {
    return table == PARTITIONED;
  }

  /** Any table but the one that is partitioned. */
  static int plain(Random random) {
    int table = random.nextInt(TABLES.size() - 1);
    return table < PARTITIONED ? table : table + 1;
  }

  /** The text of an event that says whose it is, and nothing else. */
  static String stray(long request, int number) {
    return "stray " + request + " " + number;
  }

  /** A schema file that goes with the tables, in the place of the one that is there. */
  static void writeSchema(Path file, boolean corrected) throws IOException {
    Path written = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(written, schema(corrected), StandardCharsets.UTF_8);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String schema(boolean corrected) {
    StringBuilder yaml = new StringBuilder("tables:\n");
    for (int table = 0; table < TABLES.size(); table++) {
      yaml.append(
          """
            %s:
              columns:
                - {name: request, type: i64, required: true}
                - {name: event, type: i32, required: true}
                - {name: n, type: i32}
                - {name: note}
                - {name: uniq}
                - {name: mood}
                - {name: pad}
          """
              .formatted(TABLES.get(table)));
      yaml.append(corrected ? "      - {name: " + CORRECTED_COLUMN + "}\n" : "");
      yaml.append(table == DEDUPLICATED ? "    deduplicate_by: [request, event]\n" : "");
    }
    yaml.append(
        """
        apps:
          %s: {secret_key: %s, tables: %s}
          %s: {secret_key: %s, tables: %s, invalid_events: quarantine}
        """
            .formatted(APP, SECRET_KEY, TABLES, LENIENT_APP, SECRET_KEY, TABLES));
    return yaml.toString();
  }

  /**
   * The URL by which the service gets there.
   *
   * @param port of the server, or of what stands before it
   */
  String url(int port) {
    return "postgres://" + ROLE + ":" + password + "@127.0.0.1:" + port + "/postgres";
  }

  /** Creates everything in the empty database. */
  void create() throws SQLException, InterruptedException {
    try (Connection connection = connect();
        Statement sql = connection.createStatement()) {
      // What is not committed is not to be on disk by chance, so that a crash forgets it.
      sql.execute("ALTER SYSTEM SET wal_writer_delay = '10s'");
      sql.execute("SELECT pg_reload_conf()");
    }
    execute(
        "CREATE ROLE " + ROLE + " LOGIN PASSWORD '" + password + "'",
        // Within the time that the service waits for a lock, so that it finds deadlocks.
        "ALTER ROLE " + ROLE + " SET deadlock_timeout = '" + DEADLOCK_MILLIS + " ms'",
        "GRANT USAGE, CREATE ON SCHEMA public TO " + ROLE,
        // The mood's second word is the SQLSTATE, or nothing.
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
          RAISE EXCEPTION 'not in this mood: %', NEW.mood
          USING ERRCODE = coalesce(nullif(split_part(NEW.mood, ' ', 2), ''), 'P0001');
        END $$""",
        // The mood's second word is for how many seconds.
        """
        CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
          PERFORM pg_sleep(split_part(NEW.mood, ' ', 2)::float8);
          RAISE EXCEPTION 'overslept';
        END $$""",
        """
        CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$""",
        "CREATE TABLE removed (name TEXT NOT NULL, request INT8 NOT NULL, event INT4 NOT NULL)",
        "CREATE TABLE set_aside (event TEXT NOT NULL)");
    for (int table = 0; table < TABLES.size(); table++) {
      execute(createTable(table));
    }
  }

  /** Creates a table that is not there. */
  static String[] createTable(int table) {
    String name = TABLES.get(table);
    List<String> statements = new ArrayList<>();
    if (!isPartitioned(table)) {
      statements.add("CREATE TABLE " + name + " (" + COLUMNS + ", CHECK (n >= 0))");
      statements.add("CREATE UNIQUE INDEX ON " + name + " (uniq)");
      if (table == DEDUPLICATED) {
        statements.add("CREATE UNIQUE INDEX ON " + name + " (request, event)");
      }
      statements.add(
          "INSERT INTO %s (request, event, uniq) VALUES (%d, 0, '%s')"
              .formatted(name, NO_REQUEST, TAKEN));
    } else {
      statements.add("CREATE TABLE " + name + " (" + COLUMNS + ") PARTITION BY RANGE (n)");
      for (int half = 0; half < 2; half++) {
        statements.add(
            "CREATE TABLE %s_%d_%s PARTITION OF %s FOR VALUES FROM (%d) TO (%d)"
                .formatted(
                    name,
                    half,
                    Long.toHexString(System.nanoTime()), // one that was renamed has the name
                    name,
                    half * MAX_N / 2,
                    (half + 1) * MAX_N / 2));
      }
    }
    statements.add("GRANT INSERT, SELECT ON " + name + " TO " + ROLE);
    statements.add(rowTrigger(name, "raise", "refuse"));
    statements.add(rowTrigger(name, "doze", "doze"));
    statements.add(deferredTrigger(name, "defer", "refuse"));
    statements.add(deferredTrigger(name, "put_off", "doze"));
    return statements.toArray(String[]::new);
  }

  /** For rows whose mood begins with the trigger's name. */
  private static String rowTrigger(String table, String trigger, String function) {
    return "CREATE TRIGGER %s BEFORE INSERT ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION %s()"
        .formatted(trigger, table, isMood(trigger), function);
  }

  /** The same, at the COMMIT. */
  private static String deferredTrigger(String table, String trigger, String function) {
    return ("CREATE CONSTRAINT TRIGGER %s AFTER INSERT ON %s DEFERRABLE INITIALLY DEFERRED"
            + " FOR EACH ROW WHEN (%s) EXECUTE FUNCTION %s()")
        .formatted(trigger, table, isMood(trigger), function);
  }

  private static String isMood(String trigger) {
    return "split_part(NEW.mood, ' ', 1) = '" + trigger + "'";
  }

  Connection connect() throws SQLException {
    return server.connect();
  }

  /** Runs the statements in one transaction, again and again until the database takes them. */
  void execute(String... statements) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      try {
        executeOnce(statements);
        return;
      } catch (SQLException e) {
        if (System.nanoTime() - deadline > 0 || !passes(e)) {
          throw e;
        }
      }
      Thread.sleep(100);
    }
  }

  /** Runs the statements in one transaction. */
  void executeOnce(String... statements) throws SQLException {
    try (Connection connection = connect();
        Statement sql = connection.createStatement()) {
      connection.setAutoCommit(false);
      // Who waits for a lock keeps others waiting, too.
      sql.execute("SET LOCAL lock_timeout = '300ms'");
      for (String statement : statements) {
        sql.execute(statement);
      }
      connection.commit();
    }
  }

  /** The process ids of the service's sessions. */
  List<Integer> backends() throws SQLException {
    List<Integer> pids = new ArrayList<>();
    try (Connection connection = connect();
        Statement sql = connection.createStatement();
        ResultSet result =
            sql.executeQuery("SELECT pid FROM pg_stat_activity WHERE usename = '" + ROLE + "'")) {
      while (result.next()) {
        pids.add(result.getInt(1));
      }
    }
    return pids;
  }

  /** Whether it may be taken later: the server is away, or somebody has a lock. */
  private static boolean passes(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    return state.startsWith("08")
        || state.startsWith("40")
        || state.startsWith("55")
        || state.startsWith("57");
  }
}
