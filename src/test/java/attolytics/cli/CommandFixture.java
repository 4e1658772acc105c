package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.cli.AttolyticsCommand.Action;
import attolytics.cli.AttolyticsCommand.Actions;
import attolytics.quarantine.ReplaySelection;
import attolytics.settings.LogFormat;
import attolytics.settings.Settings;
import attolytics.settings.TrustedProxies;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs a command line with actions that only note what they get. */
abstract class CommandFixture {
  static final int CHECKED = 7;
  static final int MIGRATED = 8;
  static final int REPLAYED = 9;
  static final Settings DEFAULTS =
      new Settings(
          Path.of("./schema.conf.yaml"),
          null,
          "localhost",
          8000,
          "localhost",
          8001,
          Path.of("./attolytics-data"),
          Math.min(4, Runtime.getRuntime().availableProcessors()),
          10_000,
          4 << 20,
          null,
          64 << 20,
          1 << 20,
          10_000,
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(90),
          Duration.ofDays(7),
          TrustedProxies.LOOPBACK,
          Duration.ofDays(30),
          1_000_000,
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          false,
          0,
          LogFormat.TEXT);

  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();
  @Nullable Settings seen;
  @Nullable Settings checked;
  @Nullable Boolean applied;
  @Nullable ReplaySelection replayed;
  @Nullable Boolean dry;

  Settings settings(Map<String, String> environment, String... args) {
    int exitCode =
        run(
            environment,
            settings -> {
              seen = settings;
              return 0;
            },
            args);
    assertEquals(0, exitCode, err.toString());
    assertNotNull(seen);
    return seen;
  }

  void assertUsageError(String beginning, Map<String, String> environment, String... args) {
    int exitCode =
        run(
            environment,
            settings -> {
              seen = settings;
              return 0;
            },
            args);
    assertEquals(2, exitCode);
    assertNull(seen);
    assertTrue(err.toString().startsWith(beginning), err.toString());
    assertEquals("", out.toString());
  }

  void assertLines(String... lines) {
    assertEquals(List.of(lines), err.toString().lines().toList());
  }

  int run(Map<String, String> environment, Action action, String... args) {
    err.getBuffer().setLength(0);
    out.getBuffer().setLength(0);
    Actions actions =
        new Actions() {
          @Override
          public int serve(Settings settings) throws Exception {
            return action.run(settings);
          }

          @Override
          public int check(Settings settings) {
            checked = settings;
            return CHECKED;
          }

          @Override
          public int migrate(Settings settings, boolean apply) {
            applied = apply;
            return MIGRATED;
          }

          @Override
          public int replay(Settings settings, ReplaySelection selection, boolean dryRun) {
            replayed = selection;
            dry = dryRun;
            return REPLAYED;
          }
        };
    return AttolyticsCommand.execute(
        args, environment, actions, new PrintWriter(out, true), new PrintWriter(err, true));
  }
}
