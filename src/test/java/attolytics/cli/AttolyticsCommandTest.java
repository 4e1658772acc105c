package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.cli.AttolyticsCommand.Action;
import attolytics.quarantine.ReplaySelection;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.LogFormat;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import attolytics.settings.TrustedProxies;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AttolyticsCommandTest extends CommandFixture {
  @Test
  void execute_withoutOptionsGivesTheDefaults() {
    assertEquals(DEFAULTS, settings(Map.of()));
  }

  @Test
  void execute_readsEveryOption() {
    Settings expected =
        new Settings(
            Path.of("s.yaml"),
            DatabaseUrl.parse("postgres://h/d"),
            "0.0.0.0",
            0,
            "::1",
            65_535,
            Path.of("data"),
            64,
            1,
            1 << 20,
            Duration.ofNanos(500_000),
            1L << 40,
            1 << 30,
            500,
            Duration.ofMillis(1500),
            Duration.ofMinutes(1),
            Duration.ofHours(24),
            Duration.ofHours(1),
            TrustedProxies.parse("10.0.0.0/8,fd00::/8,192.0.2.1/32"),
            Duration.ofHours(2),
            7,
            Duration.ofSeconds(5),
            Duration.ofMinutes(2),
            true,
            2,
            LogFormat.JSON);
    String[] args = {
      "-s",
      "s.yaml",
      "-d",
      "postgres://h/d",
      "-H",
      "0.0.0.0",
      "-p",
      "0",
      "--admin_host",
      "::1",
      "--admin_port=65535",
      "--data_dir",
      "data",
      "--writers",
      "64",
      "--flush_rows",
      "1",
      "--flush_bytes",
      "1MiB",
      "--flush_interval",
      "500us",
      "--max_buffer",
      "1024GiB",
      "--max_body=1GiB",
      "--max_connections=500",
      "--header_timeout=1.5s",
      "--body_timeout=60s",
      "--idle_timeout=1d",
      "--idempotency_ttl",
      "1h",
      "--trusted_proxies=10.0.0.0/8, fd00::/8,192.0.2.1",
      "--quarantine_ttl=2h",
      "--quarantine_rows=7",
      "--ack_timeout",
      "5s",
      "--drain_timeout",
      "2m",
      "--migrate",
      "--log_format=json",
      "-vv"
    };
    assertEquals(expected, settings(Map.of(), args));
    Map<String, String> environment =
        Map.ofEntries(
            Map.entry("ATTOLYTICS_SCHEMA", "s.yaml"),
            Map.entry("ATTOLYTICS_LOG_FORMAT", "json"),
            Map.entry("ATTOLYTICS_DB_URL", "postgres://h/d"),
            Map.entry("ATTOLYTICS_HOST", "0.0.0.0"),
            Map.entry("ATTOLYTICS_PORT", "0"),
            Map.entry("ATTOLYTICS_ADMIN_HOST", "::1"),
            Map.entry("ATTOLYTICS_ADMIN_PORT", "65535"),
            Map.entry("ATTOLYTICS_DATA_DIR", "data"),
            Map.entry("ATTOLYTICS_WRITERS", "64"),
            Map.entry("ATTOLYTICS_FLUSH_ROWS", "1"),
            Map.entry("ATTOLYTICS_FLUSH_BYTES", "1MiB"),
            Map.entry("ATTOLYTICS_FLUSH_INTERVAL", "500us"),
            Map.entry("ATTOLYTICS_MAX_BUFFER", "1024GiB"),
            Map.entry("ATTOLYTICS_MAX_BODY", "1GiB"),
            Map.entry("ATTOLYTICS_MAX_CONNECTIONS", "500"),
            Map.entry("ATTOLYTICS_HEADER_TIMEOUT", "1.5s"),
            Map.entry("ATTOLYTICS_BODY_TIMEOUT", "60s"),
            Map.entry("ATTOLYTICS_IDLE_TIMEOUT", "1d"),
            Map.entry("ATTOLYTICS_IDEMPOTENCY_TTL", "1h"),
            Map.entry("ATTOLYTICS_TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8,192.0.2.1"),
            Map.entry("ATTOLYTICS_QUARANTINE_TTL", "2h"),
            Map.entry("ATTOLYTICS_QUARANTINE_ROWS", "7"),
            Map.entry("ATTOLYTICS_ACK_TIMEOUT", "5s"),
            Map.entry("ATTOLYTICS_DRAIN_TIMEOUT", "2m"),
            Map.entry("ATTOLYTICS_MIGRATE", "1"),
            Map.entry("ATTOLYTICS_VERBOSE", "2"));
    assertEquals(expected, settings(environment));
    Map<String, String> asFilesHaveIt = new HashMap<>(environment);
    asFilesHaveIt.replaceAll((name, value) -> value + (name.contains("PORT") ? "\n" : "\r\n"));
    assertEquals(expected, settings(asFilesHaveIt));
  }

  @Test
  void execute_prefersTheFlagToTheEnvironment() {
    Map<String, String> environment =
        Map.of("ATTOLYTICS_PORT", "1", "ATTOLYTICS_ADMIN_PORT", "wrong", "ATTOLYTICS_VERBOSE", "2");
    Settings settings = settings(environment, "-p", "2", "--admin_port", "3", "-q");
    assertEquals(2, settings.port());
    assertEquals(3, settings.adminPort());
    assertEquals(-1, settings.verbosity());
  }

  @Test
  void execute_takesAnEmptyVariableForUnset() {
    assertEquals(
        DEFAULTS,
        settings(Map.of("ATTOLYTICS_PORT", "", "ATTOLYTICS_DB_URL", " ", "ATTOLYTICS_QUIET", "")));
  }

  /** Picocli would take them for variables of its own and for escaped dollars. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a$b",
        "a$$b",
        "$$",
        "$$$$x$",
        "${x}",
        "$${x}",
        "$$${x}",
        "${x:-y}",
        "${env:PATH}",
        "${sys:user.dir}",
        "${x",
        "${COMMAND-NAME}",
        "${DEFAULT-VALUE}",
        "@x",
        "\"x\"",
        "\\${x\\}"
      })
  void execute_takesValuesLiterally(String value) {
    Map<String, String> environment = Map.of("ATTOLYTICS_DATA_DIR", value);
    assertEquals(Path.of(value), settings(environment).dataDir());
    assertEquals(CHECKED, run(environment, settings -> 0, "check"));
    assertNotNull(checked);
    assertEquals(Path.of(value), checked.dataDir());
    assertEquals(Path.of(value), settings(Map.of(), "--data_dir", value).dataDir());
    assertEquals(Path.of(value), settings(Map.of(), "--data_dir=" + value).dataDir());
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgres://u:a$$b@h/d", "postgres://u:a${x}b@h/d"})
  void execute_takesAPasswordLiterally(String url) {
    assertEquals(DatabaseUrl.parse(url), settings(Map.of("ATTOLYTICS_DB_URL", url)).databaseUrl());
  }

  /** Otherwise rows would get into an embedded PostgreSQL that nobody has asked for. */
  @Test
  void execute_refusesAnUrlThatIsAVariable() {
    assertUsageError(
        "error: ATTOLYTICS_DB_URL: ", Map.of("ATTOLYTICS_DB_URL", "${NO_SUCH_VARIABLE}"));
  }

  @ParameterizedTest
  @CsvSource({
    "ATTOLYTICS_VERBOSE, 0, 0",
    "ATTOLYTICS_VERBOSE, false, 0",
    "ATTOLYTICS_VERBOSE, 1, 1",
    "ATTOLYTICS_VERBOSE, TRUE, 1",
    "ATTOLYTICS_VERBOSE, 2, 2",
    "ATTOLYTICS_QUIET, 0, 0",
    "ATTOLYTICS_QUIET, 1, -1",
    "ATTOLYTICS_QUIET, true, -1"
  })
  void execute_readsVerbosityFromTheEnvironment(String variable, String value, int verbosity) {
    assertEquals(verbosity, settings(Map.of(variable, value)).verbosity());
  }

  @ParameterizedTest
  @CsvSource({"-v, 1", "--verbose, 1", "-vv, 2", "-q, -1", "--quiet, -1"})
  void execute_readsVerbosityFromFlags(String flag, int verbosity) {
    assertEquals(verbosity, settings(Map.of(), flag).verbosity());
  }

  @Test
  void execute_takesDashesForUnderscores() {
    Settings settings =
        settings(Map.of(), "--db-url", "postgres://a-b/c", "--flush-rows=5", "--data-dir=x-y");
    assertEquals(DatabaseUrl.parse("postgres://a-b/c"), settings.databaseUrl());
    assertEquals(5, settings.flushRows());
    assertEquals(Path.of("x-y"), settings.dataDir());
  }

  @Test
  void execute_leavesWhatFollowsTheEndOfOptionsAlone() {
    assertUsageError("error: Unknown option: '--db-url'", Map.of(), "--", "--db-url");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--port -1 | --port: -1 is not between 0 and 65535",
        "--port 65536 | --port: 65536 is not between 0 and 65535",
        "--admin_port 65536 | --admin_port: 65536 is not between 0 and 65535",
        "--port abc | --port: 'abc' is not a whole number",
        "--writers 0 | --writers: 0 is not between 1 and 64",
        "--writers 65 | --writers: 65 is not between 1 and 64",
        "--writers many | --writers: 'many' is not a whole number or auto",
        "--flush_rows 0 | --flush_rows: 0 is not between 1 and 10000000",
        "--max_body 1023 | --max_body: 1023 bytes is less than 1024",
        "--max_body 1073741825 | --max_body: 1073741825 bytes is more than 1073741824",
        "--max_buffer 4MiB --max_body 2MiB"
            + " | --max_buffer: 4194304 bytes is less than four times --max_body (2097152 bytes)",
        "--flush_bytes 65MiB"
            + " | --flush_bytes: 68157440 bytes is more than --max_buffer (67108864 bytes)",
        "--flush_bytes 1GB --max_buffer 5x | --max_buffer: '5x' is not a size such as",
        "--flush_interval 30s | --flush_interval: 30s is not shorter than --ack_timeout (30s)",
        "--flush_interval 0s | --flush_interval: must be longer than zero",
        "--max_connections 0 | --max_connections: 0 is not between 1 and 1000000",
        "--header_timeout 9ms | --header_timeout: 0.009s is not between 10ms and 1d",
        "--body_timeout 25h | --body_timeout: 25h is not between 10ms and 1d",
        "--idle_timeout 0s | --idle_timeout: 0s is not between 10ms and 1d",
        "--ack_timeout 0s | --ack_timeout: 0s is not between 10ms and 1d",
        "--ack_timeout 50d | --ack_timeout: 1200h is not between 10ms and 1d",
        "--drain_timeout 0s | --drain_timeout: must be longer than zero",
        "--idempotency_ttl 0s | --idempotency_ttl: must be longer than zero",
        "--trusted_proxies 10.0.0.0/33 | --trusted_proxies: '10.0.0.0/33' has a prefix length",
        "--trusted_proxies localhost | --trusted_proxies: 'localhost' is not a network such as",
        "--trusted_proxies 1.2.3.4, | --trusted_proxies: '' is not a network such as 10.0.0.0/8",
        "--quarantine_ttl 0s | --quarantine_ttl: must be longer than zero",
        "--quarantine_rows 0 | --quarantine_rows: 0 is not between 1 and 1000000000",
        "--drain_timeout 5 | --drain_timeout: '5' is not a duration such as",
        "-v -q | --quiet: cannot be combined with --verbose",
        "-vvv | --verbose: given 3 times, but twice is the maximum",
        "-p 1 -p 2 | option '--port' (PORT) should be specified only once",
        "--port | Missing required parameter for option '--port' (PORT)",
        "--port 8001 | --admin_port: 8001 is the same as --port",
        "--host 0.0.0.0 --admin_host 0.0.0.0 -p 80 --admin_port 80"
            + " | --admin_port: 80 is the same as --port",
        "--db_url mysql://h/d | --db_url: the database URL does not begin with postgres://",
        "--db_url postgres://h/d?sslmode=on | --db_url: sslmode of the database URL is none of",
        "stray | unknown command 'stray', expected one of check, migrate, replay, generate-completion, help",
        "--apply | Unknown option: '--apply'",
        "check --apply | Unknown option: '--apply'",
        "replay --since yesterday | --since: 'yesterday' is neither a date-time such as"
            + " 2026-01-31T12:00:00Z nor a duration such as 2h",
        "check stray | Unmatched argument at index 1: 'stray'",
        "--schema= | --schema: must not be empty",
        "--data_dir= | --data_dir: must not be empty"
      })
  void execute_refusesAWrongCommandLine(String args, String message) {
    assertUsageError("error: " + message, Map.of(), args.split(" "));
  }

  @Test
  void execute_takesOnePortOfTwoAddressesOrTwoFreePorts() {
    settings(Map.of(), "--host", "127.0.0.1", "--admin_host", "127.0.0.2", "-p", "8001");
    settings(Map.of(), "--port", "0", "--admin_port", "0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"check -p 7", "-p 7 check", "--port=7 check"})
  void execute_check_takesTheSameOptionsBeforeAndAfter(String args) {
    assertEquals(CHECKED, run(Map.of(), settings -> 0, args.split(" ")), err.toString());
    assertNotNull(checked);
    assertEquals(7, checked.port());
  }

  @Test
  void execute_check_readsTheEnvironment() {
    assertEquals(CHECKED, run(Map.of("ATTOLYTICS_PORT", "8"), settings -> 0, "check"));
    assertNotNull(checked);
    assertEquals(8, checked.port());
  }

  @ParameterizedTest
  @CsvSource({"migrate, false", "migrate --apply, true", "-p 7 migrate --apply -v, true"})
  void execute_migrate_appliesOnlyIfTold(String args, boolean apply) {
    Map<String, String> environment = Map.of("ATTOLYTICS_MIGRATE", "1", "ATTOLYTICS_APPLY", "1");

    assertEquals(MIGRATED, run(environment, settings -> 0, args.split(" ")), err.toString());

    assertEquals(apply, applied);
  }

  @Test
  void execute_replay_ofEverything_whateverTheEnvironment() {
    Map<String, String> environment = Map.of("ATTOLYTICS_APP", "a", "ATTOLYTICS_DRY_RUN", "1");

    assertEquals(REPLAYED, run(environment, settings -> 0, "replay"), err.toString());

    assertEquals(new ReplaySelection(null, null, null, null), replayed);
    assertEquals(false, dry);
  }

  @Test
  void execute_replay_ofSome() {
    String args =
        "replay --app a --table t --code too_long --since 2026-01-31T12:00:00+01:00 --dry-run";

    assertEquals(REPLAYED, run(Map.of(), settings -> 0, args.split(" ")), err.toString());

    assertEquals(
        new ReplaySelection("a", "t", "too_long", Instant.parse("2026-01-31T11:00:00Z")), replayed);
    assertEquals(true, dry);
  }

  @Test
  void execute_refusesAnEmptyHost() {
    assertUsageError("error: --host: must not be empty", Map.of(), "--host", "");
  }

  @Test
  void execute_suggestsForAnUnknownOption() {
    assertUsageError("error: Unknown option: '--flush_row=5'", Map.of(), "--flush_row=5");
    assertTrue(err.toString().contains("--flush_rows"), err.toString());
    assertTrue(err.toString().contains("--help"), err.toString());
  }

  @Test
  void execute_tellsAllValuesOutOfRangeAtOnce() {
    assertUsageError("error: --port: 70000 is", Map.of(), "--port=70000", "--writers=0");
    assertTrue(err.toString().contains("\nerror: --writers: 0 is"), err.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "ATTOLYTICS_PORT, abc",
    "ATTOLYTICS_PORT, 70000",
    "ATTOLYTICS_MAX_BODY, 5x",
    "ATTOLYTICS_ACK_TIMEOUT, 0s",
    "ATTOLYTICS_VERBOSE, 3",
    "ATTOLYTICS_QUIET, 2",
    "ATTOLYTICS_DB_URL, mysql://h/d"
  })
  void execute_namesTheVariableThatIsWrong(String variable, String value) {
    assertUsageError("error: " + variable + ": ", Map.of(variable, value));
  }

  @Test
  void execute_refusesQuietAndVerboseTogetherFromTheEnvironment() {
    assertUsageError(
        "error: ATTOLYTICS_QUIET: cannot be combined with ATTOLYTICS_VERBOSE",
        Map.of("ATTOLYTICS_QUIET", "1", "ATTOLYTICS_VERBOSE", "1"));
  }

  @Test
  void execute_returnsTheExitCodeOfTheAction() {
    assertEquals(0, run(Map.of(), settings -> 0));
    assertEquals(1, run(Map.of(), settings -> 1));
  }

  @Test
  void execute_printsALineForEachProblemOfAStart() {
    Action failing =
        settings -> {
          throw new StartException(List.of("schema.conf.yaml:3:5: no such type", "two\nlines"));
        };
    assertEquals(1, run(Map.of(), failing));
    assertLines("error: schema.conf.yaml:3:5: no such type", "error: two lines");
  }
}
