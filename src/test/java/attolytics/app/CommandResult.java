package attolytics.app;

import attolytics.cli.AttolyticsCommand;
import attolytics.cli.Check;
import attolytics.cli.Migrate;
import attolytics.cli.Replay;
import attolytics.quarantine.ReplaySelection;
import attolytics.settings.Settings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What a command line that was run in this JVM returned and printed. */
public record CommandResult(int exitCode, String out, String err) {
  /** Runs the command line; a service that it starts is stopped at once. */
  public static CommandResult of(Map<String, String> environment, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    PrintWriter printer = new PrintWriter(out, true);
    AttolyticsCommand.Actions actions =
        new AttolyticsCommand.Actions() {
          @Override
          public int serve(Settings settings) throws Exception {
            return Service.start(settings, environment, new CountDownLatch(1)).stop() ? 0 : 1;
          }

          @Override
          public int check(Settings settings) throws Exception {
            return Check.run(settings, environment, printer);
          }

          @Override
          public int migrate(Settings settings, boolean apply) throws Exception {
            return Migrate.run(settings, apply, environment, printer);
          }

          @Override
          public int replay(Settings settings, ReplaySelection selection, boolean dryRun)
              throws Exception {
            return Replay.run(settings, selection, dryRun, environment, printer);
          }
        };
    int exitCode =
        AttolyticsCommand.execute(args, environment, actions, printer, new PrintWriter(err, true));
    return new CommandResult(exitCode, out.toString(), err.toString());
  }

  /** The settings that the options of a start make. */
  public static Settings settings(String... options) {
    AtomicReference<@Nullable Settings> seen = new AtomicReference<>();
    AttolyticsCommand.Actions keep =
        new AttolyticsCommand.Actions() {
          @Override
          public int serve(Settings settings) {
            seen.set(settings);
            return 0;
          }

          @Override
          public int check(Settings settings) {
            throw new IllegalArgumentException("not a start");
          }

          @Override
          public int migrate(Settings settings, boolean apply) {
            throw new IllegalArgumentException("not a start");
          }

          @Override
          public int replay(Settings settings, ReplaySelection selection, boolean dryRun) {
            throw new IllegalArgumentException("not a start");
          }
        };
    StringWriter err = new StringWriter();
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    AttolyticsCommand.execute(options, Map.of(), keep, nowhere, new PrintWriter(err, true));
    Settings settings = seen.get();
    if (settings == null) {
      throw new IllegalArgumentException(String.join(" ", options) + ": " + err);
    }
    return settings;
  }

  /** The lines of the errors. */
  public List<String> errors() {
    return err.lines().filter(line -> line.startsWith("error: ")).toList();
  }

  /** The SQL that was printed, without the comments. */
  public List<String> statements() {
    return out.lines().filter(line -> !line.startsWith("-- ")).toList();
  }
}
