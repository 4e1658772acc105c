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
        "Prints the SQL that makes the database match the schema file without loss of data; with"
            + " --apply, runs it while services write.")
final class MigrateCommand implements Callable<Integer> {
  @ParentCommand private @Nullable AttolyticsCommand attolytics;

  @Option(names = "--apply", description = "Run the SQL instead of only printing it.")
  private boolean apply;

  @Override
  public Integer call() throws Exception {
    AttolyticsCommand parent = Objects.requireNonNull(attolytics);
    return parent.run(settings -> parent.actions().migrate(settings, apply));
  }
}
