package attolytics.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code attolytics check}. */
@Command(
    name = "check",
    description =
        "Reads the schema file and the database, prints what a start would create or refuse, and"
            + " changes nothing.")
final class CheckCommand implements Callable<Integer> {
  @ParentCommand private @Nullable AttolyticsCommand attolytics;

  @Override
  public Integer call() throws Exception {
    AttolyticsCommand parent = Objects.requireNonNull(attolytics);
    return parent.run(parent.actions()::check);
  }
}
