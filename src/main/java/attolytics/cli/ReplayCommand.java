package attolytics.cli;

import attolytics.quarantine.ReplaySelection;
import attolytics.settings.SinceOption;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code attolytics replay}. */
@Command(
    name = "replay",
    description =
        "Stores the events in quarantine that are valid by the schema file as it is now, beside"
            + " services that write.")
final class ReplayCommand implements Callable<Integer> {
  @ParentCommand private @Nullable AttolyticsCommand attolytics;

  @Option(names = "--app", paramLabel = "ID", description = "Only events of this app.")
  private @Nullable String app;

  @Option(names = "--table", paramLabel = "T", description = "Only events for this table.")
  private @Nullable String table;

  @Option(
      names = "--code",
      paramLabel = "C",
      description = "Only events that are in quarantine for this reason, such as too_long.")
  private @Nullable String code;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = SinceOption.class,
      description =
          "Only events received since then: a date-time such as 2026-01-31T12:00:00Z, or a"
              + " duration such as 2h.")
  private @Nullable Instant since;

  @Option(names = "--dry_run", description = "Change nothing, and say what would be stored.")
  private boolean dryRun;

  @Override
  public Integer call() throws Exception {
    AttolyticsCommand parent = Objects.requireNonNull(attolytics);
    ReplaySelection selection = new ReplaySelection(app, table, code, since);
    return parent.run(settings -> parent.actions().replay(settings, selection, dryRun));
  }
}
