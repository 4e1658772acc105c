package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.cli.AttolyticsCommand.Action;
import attolytics.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing that a command prints shows a password. */
class CommandPasswordTest extends CommandFixture {
  private static final String SECRET = "s3cr3t";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres://u:s3cr3t@h/d postgres://u:s3cr3t@h/d",
        "--dburl=postgres://u:s3cr3t@h/d",
        "--dburl postgres://u:x@s3cr3t@h/d",
        "u:s3cr3t@h/d",
        "-d postgres://u:s3cr3t@h/d --port 70000",
        "-d postgres://u:s3cr3t@h/d -d postgres://u:s3cr3t@h/d",
        "-d postgres://h/d?password=s3cr3t postgres://h/d?password=s3cr3t"
      })
  void execute_neverShowsAPassword(String args) {
    assertEquals(2, run(Map.of(), settings -> 0, args.split(" ")));
    assertFalse(err.toString().contains(SECRET), err.toString());
    assertEquals("", out.toString());
  }

  /** What is quoted may be only a part of what was given. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres://u:a s3cr3t@h/d",
        "postgres://u:a's3cr3t@h/d",
        "--dburl=postgres://u:a s3cr3t@h/d",
        "-xdpostgres://u:a s3cr3t@h/d",
        "--db_url=postgres://u:a s3cr3t@h:x/d",
        "--port=postgres://u:a s3cr3t@b@h/d",
        "--port=u:a\n s3cr3t@h/d",
        "postgres://h/d?password=a s3cr3t&x=y",
        "postgres://h/d?sslpassword=a's3cr3t"
      })
  void execute_hidesAPasswordWithASpaceOrQuote(String argument) {
    assertEquals(2, run(Map.of(), settings -> 0, argument));
    assertFalse(err.toString().contains(SECRET), err.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "ATTOLYTICS_DB_URL, u:a s3cr3t@h/d",
    "ATTOLYTICS_DB_URL, postgres://u:a s3cr3t@h:x/d",
    "ATTOLYTICS_DB_URL, postgres://u:s3cr3t",
    "ATTOLYTICS_DB_URL, postgres://h/d?slmode=x&password=s3cr3t",
    "ATTOLYTICS_PORT, postgres://u:a s3cr3t@h/d",
    "ATTOLYTICS_VERBOSE, postgres://h/d?password=a s3cr3t"
  })
  void execute_hidesAPasswordOfTheEnvironment(String variable, String value) {
    assertUsageError("error: " + variable + ": ", Map.of(variable, value));
    assertFalse(err.toString().contains(SECRET), err.toString());
  }

  /** The shell has made two arguments of it. */
  @ParameterizedTest
  @CsvSource({"-d postgres://u:a, s3cr3t@h/d", "postgres://u:a, s3cr3t@h/d"})
  void execute_hidesTheEndOfAPasswordThatASpaceHasCutOff(String first, String second) {
    String[] args = (first + " " + second).split(" ", -1);
    run(Map.of(), settings -> 0, args);
    assertFalse(err.toString().contains(SECRET), err.toString());
  }

  @Test
  void help_doesNotShowAPasswordOfTheEnvironment() {
    run(Map.of("ATTOLYTICS_DB_URL", "postgres://u:" + SECRET + "@h/d"), settings -> 0, "-h");
    assertFalse(out.toString().contains(SECRET));
  }

  @Test
  void settingsToString_hidesThePassword() {
    Settings settings = settings(Map.of("ATTOLYTICS_DB_URL", "postgres://u:" + SECRET + "@h/d"));
    assertTrue(
        settings.toString().contains("databaseUrl=postgres://u@h:5432/d,"), settings.toString());
    assertFalse(settings.toString().contains(SECRET));
  }

  @Test
  void execute_printsALineForAnyOtherExceptionAndTheStackTraceUnderVerboseOnly() {
    Action failing =
        settings -> {
          throw new IllegalStateException("no postgres://u:" + SECRET + "@h/d");
        };
    assertEquals(1, run(Map.of(), failing));
    assertLines("error: IllegalStateException: no postgres://***@h/d");
    assertEquals(1, run(Map.of(), failing, "-v"));
    assertTrue(err.toString().contains("\tat attolytics.cli."), err.toString());
    assertFalse(err.toString().contains(SECRET), err.toString());
  }
}
