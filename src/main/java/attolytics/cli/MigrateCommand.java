package attolytics.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code attolytics migrate}. */
@Command(
    name = "migrate",
    description =
        "Prints the SQL that makes the database fit the schema file and loses nothing; with"
            + " --apply, runs it beside services that write.")
final class MigrateCommand implements Callable<Integer> {
  @ParentCommand private @Nullable AttolyticsCommand attolytics;

  @Option(names = "--apply", description = "Change the database instead of printing how.")
  private boolean apply;

  @Override
  public Integer call() throws Exception {
    AttolyticsCommand parent = Objects.requireNonNull(attolytics);
    return parent.run(settings -> parent.actions().migrate(settings, apply));
  }
}
