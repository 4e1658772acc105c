package attolytics.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/**
 * The options that {@link Settings} are made of. Every command takes them, before or after its
 * name. The fields' initial values are the defaults; the help repeats them, and a test compares the
 * two.
 */
public final class SettingsOptions {
  static final String MIGRATE = "--migrate";
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;
  private static final int MAX_VERBOSITY = 2;
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(10);
  private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-s", "--schema"},
      paramLabel = "FILE",
      description = "The schema file: tables, columns, apps (default: ./schema.conf.yaml).")
  private Path schema = Path.of("./schema.conf.yaml");

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-d", "--db_url"},
      paramLabel = "URL",
      description = {
        "The database: postgres://user:password@host:port/database?param=value. Several host:port"
            + " pairs are separated by commas; a Unix socket is a percent-encoded host:"
            + " postgres://user@%%2Frun%%2Fpostgresql/database. Parameters go to the driver"
            + " (sslmode, targetServerType, ...). (default: the schema file's database_url, else an"
            + " embedded PostgreSQL in --data_dir). A password is better kept in ATTOLYTICS_DB_URL:"
            + " everybody on the machine can read a command line."
      })
  private @Nullable String databaseUrl;

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-H", "--host"},
      paramLabel = "ADDRESS",
      description = "Address to listen on (default: localhost).")
  private String host = "localhost";

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-p", "--port"},
      paramLabel = "PORT",
      description = "Port to listen on; 0 picks a free one and logs it (default: 8000).")
  private int port = 8000;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--admin_host",
      paramLabel = "ADDRESS",
      description = "Address for metrics, health and the status page (default: localhost).")
  private String adminHost = "localhost";

  @Option(
      scope = ScopeType.INHERIT,
      names = "--admin_port",
      paramLabel = "PORT",
      description = "Port for these; 0 picks a free one and logs it (default: 8001).")
  private int adminPort = 8001;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--data_dir",
      paramLabel = "DIR",
      description =
          "Where the embedded PostgreSQL keeps its data, from run to run"
              + " (default: ./attolytics-data).")
  private Path dataDir = Path.of("./attolytics-data");

  @Option(
      scope = ScopeType.INHERIT,
      names = "--writers",
      paramLabel = "N",
      converter = WriterCount.class,
      description =
          "Parallel database writers, each with a connection of its own; 'auto' has one per"
              + " processor, up to 4 (default: auto).")
  private int writers = WriterCount.auto();

  @Option(
      scope = ScopeType.INHERIT,
      names = "--flush_rows",
      paramLabel = "N",
      description = "Write to the database at this many rows (default: 10000).")
  private int flushRows = 10_000;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--flush_bytes",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Or at this many bytes of rows (default: 4MiB).")
  private long flushBytes = 4 * MIB;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--flush_interval",
      paramLabel = "TIME",
      converter = DurationOption.OrMeasured.class,
      description =
          "Or when the oldest row has waited this long; 'measured' waits only while more rows are"
              + " really coming (default: measured).")
  private @Nullable Duration flushInterval;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--max_buffer",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Bound on the bytes of accepted, not yet committed rows; past it the answer is 503; at"
              + " least four times --max_body (default: 64MiB).")
  private long maxBuffer = 64 * MIB;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--max_body",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Bound on a request body, before and after decompression; past it the answer is 413"
              + " (default: 1MiB).")
  private long maxBody = MIB;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--max_connections",
      paramLabel = "N",
      description =
          "Open connections at most; further clients wait until one is closed (default: 10000).")
  private int maxConnections = 10_000;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--header_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description =
          "How long the headers of a request may take to arrive, from their first byte on"
              + " (default: 10s).")
  private Duration headerTimeout = Duration.ofSeconds(10);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--body_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description = "How long a body may take to arrive; past it the answer is 408 (default: 30s).")
  private Duration bodyTimeout = Duration.ofSeconds(30);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--idle_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description =
          "How long a connection may be without a request, or an answer be left unread, before it"
              + " is closed (default: 90s).")
  private Duration idleTimeout = Duration.ofSeconds(90);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--idempotency_ttl",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description = "How long an Idempotency-Key is remembered (default: 7d).")
  private Duration idempotencyTtl = Duration.ofDays(7);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--quarantine_ttl",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description = "How long an invalid event is kept in quarantine (default: 30d).")
  private Duration quarantineTtl = Duration.ofDays(30);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--quarantine_rows",
      paramLabel = "N",
      description =
          "Events in quarantine at which an app's requests are handled strictly until there is"
              + " room again (default: 1000000).")
  private int quarantineRows = 1_000_000;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--ack_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description =
          "How long a request may wait for its commit before it gets 503 or 504; also how long a"
              + " start waits for the database (default: 30s).")
  private Duration ackTimeout = Duration.ofSeconds(30);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--drain_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description = "How long a stop may take to write what was accepted (default: 30s).")
  private Duration drainTimeout = Duration.ofSeconds(30);

  @Option(
      scope = ScopeType.INHERIT,
      names = MIGRATE,
      description =
          "Before the tables are checked, at a start and a reload, do what 'migrate --apply' does"
              + " (environment: ATTOLYTICS_MIGRATE=1).")
  private boolean migrate;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--log_format",
      paramLabel = "FORMAT",
      converter = LogFormat.Converter.class,
      completionCandidates = LogFormat.Names.class,
      description = "How the log is written: text, or json, an object a line (default: text).")
  private LogFormat logFormat = LogFormat.TEXT;

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-v", "--verbose"},
      description =
          "Log more, and stack traces too; twice for still more"
              + " (environment: ATTOLYTICS_VERBOSE=1 or 2).")
  private boolean[] verbose = {};

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-q", "--quiet"},
      description = "Log errors only (environment: ATTOLYTICS_QUIET=1).")
  private boolean quiet;

  /** A body and its rows, in a buffer that grows by doubling, are in memory at the same time. */
  public static final long BODIES_IN_BUFFER = 4;

  private final Environment environment;
  private @Nullable CommandSpec command;
  private final List<String> problems = new ArrayList<>();

  public SettingsOptions(Environment environment) {
    this.environment = environment;
  }

  @Spec(Target.MIXEE)
  void setCommand(CommandSpec mixee) {
    command = mixee;
  }

  /**
   * Checks the options.
   *
   * @throws ParameterException with a line for each value that is out of its range
   */
  public Settings toSettings() {
    problems.clear();
    checkRange("--port", port, 0, 65_535);
    checkRange("--admin_port", adminPort, 0, 65_535);
    checkText("--schema", schema.toString());
    checkText("--data_dir", dataDir.toString());
    checkDatabaseUrl();
    checkText("--host", host);
    checkText("--admin_host", adminHost);
    checkRange("--writers", writers, 1, 64);
    checkRange("--flush_rows", flushRows, 1, 10_000_000);
    checkSize("--flush_bytes", flushBytes, KIB, GIB);
    checkSize("--max_body", maxBody, KIB, GIB);
    checkSize("--max_buffer", maxBuffer, 8 * KIB, Long.MAX_VALUE);
    checkRange("--max_connections", maxConnections, 1, 1_000_000);
    checkTimeout("--header_timeout", headerTimeout);
    checkTimeout("--body_timeout", bodyTimeout);
    checkTimeout("--idle_timeout", idleTimeout);
    checkPositive("--idempotency_ttl", idempotencyTtl);
    checkPositive("--quarantine_ttl", quarantineTtl);
    checkRange("--quarantine_rows", quarantineRows, 1, 1_000_000_000);
    checkPositive("--ack_timeout", ackTimeout);
    checkPositive("--drain_timeout", drainTimeout);
    if (port == adminPort && port != 0 && host.equals(adminHost)) {
      problem("--admin_port", adminPort + " is the same as --port");
    }
    if (maxBuffer < BODIES_IN_BUFFER * maxBody) {
      problem(
          "--max_buffer",
          maxBuffer + " bytes is less than four times --max_body (" + maxBody + " bytes)");
    }
    if (flushBytes > maxBuffer) {
      problem(
          "--flush_bytes",
          flushBytes + " bytes is more than --max_buffer (" + maxBuffer + " bytes)");
    }
    if (flushInterval != null) {
      checkPositive("--flush_interval", flushInterval);
      if (flushInterval.compareTo(ackTimeout) >= 0) {
        problem(
            "--flush_interval",
            text(flushInterval) + " is not shorter than --ack_timeout (" + text(ackTimeout) + ")");
      }
    }
    int verbosity = verbosity();
    boolean migrates = migrate || count(MIGRATE, 1) > 0;
    if (!problems.isEmpty()) {
      throw new ParameterException(spec().commandLine(), String.join("\n", problems));
    }
    return new Settings(
        schema,
        databaseUrl,
        host,
        port,
        adminHost,
        adminPort,
        dataDir,
        writers,
        flushRows,
        (int) flushBytes,
        flushInterval,
        maxBuffer,
        (int) maxBody,
        maxConnections,
        headerTimeout,
        bodyTimeout,
        idleTimeout,
        idempotencyTtl,
        quarantineTtl,
        quarantineRows,
        ackTimeout,
        drainTimeout,
        migrates,
        verbosity,
        logFormat);
  }

  private int verbosity() {
    if (verbose.length > MAX_VERBOSITY) {
      problem("--verbose", "given " + verbose.length + " times, but twice is the most");
    }
    if (verbose.length > 0 && quiet) {
      problem("--quiet", "cannot be combined with --verbose");
    }
    if (verbose.length > 0 || quiet) {
      return quiet ? -1 : verbose.length;
    }
    int louder = count("--verbose", MAX_VERBOSITY);
    int quieter = count("--quiet", 1);
    if (louder > 0 && quieter > 0) {
      problems.add(
          Environment.variable("--quiet")
              + ": cannot be combined with "
              + Environment.variable("--verbose"));
    }
    return quieter > 0 ? -1 : louder;
  }

  /** How often the environment gives a flag. */
  private int count(String flag, int max) {
    String value = environment.value(flag);
    if (value == null) {
      return 0;
    }
    int given =
        switch (value.strip().toLowerCase(Locale.ROOT)) {
          case "0", "false" -> 0;
          case "1", "true" -> 1;
          case "2" -> 2;
          default -> Integer.MAX_VALUE;
        };
    if (given <= max) {
      return given;
    }
    String expected = max >= 2 ? "0, 1, 2, true or false" : "0, 1, true or false";
    problems.add(Environment.variable(flag) + ": '" + value + "' is not one of " + expected);
    return 0;
  }

  private void checkRange(String option, long value, long min, long max) {
    if (value < min || value > max) {
      problem(option, value + " is not between " + min + " and " + max);
    }
  }

  private void checkSize(String option, long bytes, long min, long max) {
    if (bytes < min) {
      problem(option, bytes + " bytes is less than " + min);
    } else if (bytes > max) {
      problem(option, bytes + " bytes is more than " + max);
    }
  }

  private void checkPositive(String option, Duration value) {
    if (value.isZero()) {
      problem(option, "must be longer than nothing");
    }
  }

  private void checkTimeout(String option, Duration value) {
    if (value.compareTo(SHORTEST_TIMEOUT) < 0 || value.compareTo(LONGEST_TIMEOUT) > 0) {
      problem(option, text(value) + " is not between 10ms and 1d");
    }
  }

  private void checkDatabaseUrl() {
    try {
      if (databaseUrl != null) {
        DatabaseUrl.parse(databaseUrl);
      }
    } catch (IllegalArgumentException e) {
      problem("--db_url", String.valueOf(e.getMessage()));
    }
  }

  private void checkText(String option, String value) {
    if (value.isBlank()) {
      problem(option, "must not be empty");
    }
  }

  /** ISO 8601 without its prefix: {@code 1H30M}, {@code 0.5S}. */
  private static String text(Duration duration) {
    return duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }

  private void problem(String option, String what) {
    problems.add(environment.origin(spec().findOption(option)) + ": " + what);
  }

  private CommandSpec spec() {
    if (command == null) {
      throw new IllegalStateException("not mixed into a command");
    }
    return command;
  }
}
