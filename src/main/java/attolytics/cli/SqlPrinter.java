package attolytics.cli;

import attolytics.database.Migration;
import attolytics.settings.Redaction;
import attolytics.settings.Settings;
import java.io.PrintWriter;

/** Prints SQL that can be run: everything else is a comment. */
final class SqlPrinter {
  private final PrintWriter out;
  private final boolean quiet;

  SqlPrinter(PrintWriter out, Settings settings) {
    this.out = out;
    this.quiet = settings.verbosity() < 0;
  }

  void statement(String statement) {
    if (!quiet) {
      out.println(statement + ";");
    }
  }

  /** On one line, even if a name contains a line break. */
  void comment(String text) {
    if (!quiet) {
      out.println("-- " + Redaction.redact(text).replaceAll("\\R", " "));
    }
  }

  void steps(Migration migration) {
    for (Migration.Step step : migration.steps()) {
      if (step.note() != null) {
        comment(step.note());
      }
      step.statements().forEach(this::statement);
    }
  }
}
