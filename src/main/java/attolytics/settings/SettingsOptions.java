package attolytics.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/**
 * The options behind {@link Settings}. Every command accepts them, before or after its name. The
 * fields' initial values are the defaults; the help repeats them, and a test compares the two.
 *
 * <p>Longer than other files because picocli takes an annotated field per option, with its help.
 */
public final class SettingsOptions {
  static final String MIGRATE = "--migrate";
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;
  private static final int MAX_VERBOSITY = 2;

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
            + " postgres://user@%%2Frun%%2Fpostgresql/database. Parameters are passed to the driver"
            + " (sslmode, targetServerType, ...). (default: the schema file's database_url, or else"
            + " an embedded PostgreSQL in --data_dir). Put a password into ATTOLYTICS_DB_URL,"
            + " because all users of the machine can read a command line."
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
      description = "Address of the admin port: metrics, probes, status page (default: localhost).")
  private String adminHost = "localhost";

  @Option(
      scope = ScopeType.INHERIT,
      names = "--admin_port",
      paramLabel = "PORT",
      description = "Admin port; 0 picks a free one and logs it (default: 8001).")
  private int adminPort = 8001;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--data_dir",
      paramLabel = "DIR",
      description = "Data directory of the embedded PostgreSQL (default: ./attolytics-data).")
  private Path dataDir = Path.of("./attolytics-data");

  @Option(
      scope = ScopeType.INHERIT,
      names = "--writers",
      paramLabel = "N",
      converter = WriterCount.class,
      description =
          "Number of parallel database writers, each with its own connection; 'auto' is one per"
              + " processor, up to 4 (default: auto).")
  private int writers = WriterCount.auto();

  @Option(
      scope = ScopeType.INHERIT,
      names = "--flush_rows",
      paramLabel = "N",
      description = "Flush at this number of rows (default: 10000).")
  private int flushRows = 10_000;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--flush_bytes",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Flush at this size of rows (default: 4MiB).")
  private long flushBytes = 4 * MIB;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--flush_interval",
      paramLabel = "TIME",
      converter = DurationOption.OrMeasured.class,
      description =
          "Flush when the oldest row has waited this long; 'measured' waits only while more rows"
              + " arrive (default: measured).")
  private @Nullable Duration flushInterval;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--max_buffer",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Maximum memory for bodies being read and rows not yet committed; requests beyond it get"
              + " 503; at least four times --max_body (default: 64MiB).")
  private long maxBuffer = 64 * MIB;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--max_body",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Maximum size of a request body, before and after decompression; a larger one gets 413"
              + " (default: 1MiB).")
  private long maxBody = MIB;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--max_connections",
      paramLabel = "N",
      description =
          "Maximum number of open connections; further clients wait until one is closed (default:"
              + " 10000).")
  private int maxConnections = 10_000;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--header_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description =
          "Maximum time for the headers of a request to arrive, from their first byte (default:"
              + " 10s).")
  private Duration headerTimeout = Duration.ofSeconds(10);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--body_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description = "Maximum time for a body to arrive; a slower one gets 408 (default: 30s).")
  private Duration bodyTimeout = Duration.ofSeconds(30);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--idle_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description =
          "Close a connection after this time without a request, or with a response that the"
              + " client does not read (default: 90s).")
  private Duration idleTimeout = Duration.ofSeconds(90);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--idempotency_ttl",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description = "How long an Idempotency-Key is stored (default: 7d).")
  private Duration idempotencyTtl = Duration.ofDays(7);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--trusted_proxies",
      paramLabel = "CIDR,...",
      description =
          "Networks of the proxies whose X-Forwarded-For is believed, for columns with source:"
              + " client_ip (default: 127.0.0.0/8,::1/128).")
  private String trustedProxies = "127.0.0.0/8,::1/128";

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
          "Maximum time that a request waits for its commit before it gets 503 or 504, and that a"
              + " start waits for the database (default: 30s).")
  private Duration ackTimeout = Duration.ofSeconds(30);

  @Option(
      scope = ScopeType.INHERIT,
      names = "--drain_timeout",
      paramLabel = "TIME",
      converter = DurationOption.class,
      description = "Maximum time for a stop to flush the accepted requests (default: 30s).")
  private Duration drainTimeout = Duration.ofSeconds(30);

  @Option(
      scope = ScopeType.INHERIT,
      names = MIGRATE,
      description =
          "At a start and a reload, do what 'migrate --apply' does before the tables are checked"
              + " (environment: ATTOLYTICS_MIGRATE=1).")
  private boolean migrate;

  @Option(
      scope = ScopeType.INHERIT,
      names = "--log_format",
      paramLabel = "FORMAT",
      converter = LogFormat.Converter.class,
      completionCandidates = LogFormat.Names.class,
      description = "Format of the log: text, or json with one object per line (default: text).")
  private LogFormat logFormat = LogFormat.TEXT;

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-v", "--verbose"},
      description =
          "Log debug messages and stack traces; give it twice to log libraries and trace messages,"
              + " too (environment: ATTOLYTICS_VERBOSE=1 or 2).")
  private boolean[] verbose = {};

  @Option(
      scope = ScopeType.INHERIT,
      names = {"-q", "--quiet"},
      description = "Log errors only (environment: ATTOLYTICS_QUIET=1).")
  private boolean quiet;

  /** A body and its rows are in memory at once, the rows in a buffer that grows by doubling. */
  public static final long BODIES_IN_BUFFER = 4;

  private final Environment environment;
  private @Nullable CommandSpec command;

  public SettingsOptions(Environment environment) {
    this.environment = environment;
  }

  @Spec(Target.MIXEE)
  void setCommand(CommandSpec mixee) {
    command = mixee;
  }

  /**
   * Validates the options.
   *
   * @throws ParameterException with a line for each value that is not valid
   */
  public Settings toSettings() {
    OptionValidator validator = new OptionValidator(this::spec, environment);
    checkRanges(validator);
    checkCombinations(validator);
    DatabaseUrl database = validator.databaseUrl("--db_url", databaseUrl);
    TrustedProxies proxies = validator.trustedProxies("--trusted_proxies", trustedProxies);
    int verbosity = verbosity(validator);
    boolean migrates = migrate || validator.flagVariable(MIGRATE, 1) > 0;
    validator.throwIfInvalid();
    return new Settings(
        schema,
        database,
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
        proxies,
        quarantineTtl,
        quarantineRows,
        ackTimeout,
        drainTimeout,
        migrates,
        verbosity,
        logFormat);
  }

  /** The names of the environment variables of the options. */
  public List<String> variables() {
    return spec().options().stream()
        .filter(option -> !option.usageHelp() && !option.versionHelp())
        .map(option -> Environment.variable(option.longestName()))
        .toList();
  }

  /** The environment variables that look like an option's, and are not. */
  public List<String> unknownVariables() {
    return environment.unknown(variables());
  }

  private void checkRanges(OptionValidator validator) {
    validator.range("--port", port, 0, 65_535);
    validator.range("--admin_port", adminPort, 0, 65_535);
    validator.notBlank("--schema", schema.toString());
    validator.notBlank("--data_dir", dataDir.toString());
    validator.notBlank("--host", host);
    validator.notBlank("--admin_host", adminHost);
    validator.range("--writers", writers, 1, 64);
    validator.range("--flush_rows", flushRows, 1, 10_000_000);
    validator.size("--flush_bytes", flushBytes, KIB, GIB);
    validator.size("--max_body", maxBody, KIB, GIB);
    validator.size("--max_buffer", maxBuffer, 8 * KIB, Long.MAX_VALUE);
    validator.range("--max_connections", maxConnections, 1, 1_000_000);
    validator.timeout("--header_timeout", headerTimeout);
    validator.timeout("--body_timeout", bodyTimeout);
    validator.timeout("--idle_timeout", idleTimeout);
    validator.positive("--idempotency_ttl", idempotencyTtl);
    validator.positive("--quarantine_ttl", quarantineTtl);
    validator.range("--quarantine_rows", quarantineRows, 1, 1_000_000_000);
    validator.timeout("--ack_timeout", ackTimeout);
    validator.positive("--drain_timeout", drainTimeout);
    if (flushInterval != null) {
      validator.positive("--flush_interval", flushInterval);
    }
  }

  private void checkCombinations(OptionValidator validator) {
    if (port == adminPort && port != 0 && host.equals(adminHost)) {
      validator.add("--admin_port", adminPort + " is the same as --port");
    }
    if (maxBuffer < BODIES_IN_BUFFER * maxBody) {
      validator.add(
          "--max_buffer",
          maxBuffer + " bytes is less than four times --max_body (" + maxBody + " bytes)");
    }
    if (flushBytes > maxBuffer) {
      validator.add(
          "--flush_bytes",
          flushBytes + " bytes is more than --max_buffer (" + maxBuffer + " bytes)");
    }
    if (flushInterval != null && flushInterval.compareTo(ackTimeout) >= 0) {
      validator.add(
          "--flush_interval",
          "%s is not shorter than --ack_timeout (%s)"
              .formatted(DurationOption.text(flushInterval), DurationOption.text(ackTimeout)));
    }
  }

  private int verbosity(OptionValidator validator) {
    if (verbose.length > MAX_VERBOSITY) {
      validator.add("--verbose", "given " + verbose.length + " times, but twice is the maximum");
    }
    if (verbose.length > 0 && quiet) {
      validator.add("--quiet", "cannot be combined with --verbose");
    }
    if (verbose.length > 0 || quiet) {
      return quiet ? -1 : verbose.length;
    }
    int louder = validator.flagVariable("--verbose", MAX_VERBOSITY);
    int quieter = validator.flagVariable("--quiet", 1);
    if (louder > 0 && quieter > 0) {
      validator.addForVariable(
          "--quiet", "cannot be combined with " + Environment.variable("--verbose"));
    }
    return quieter > 0 ? -1 : louder;
  }

  private CommandSpec spec() {
    if (command == null) {
      throw new IllegalStateException("not mixed into a command");
    }
    return command;
  }
}
