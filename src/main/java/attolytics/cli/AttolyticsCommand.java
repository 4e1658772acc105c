package attolytics.cli;

import attolytics.app.Version;
import attolytics.logging.Journal;
import attolytics.logging.Logging;
import attolytics.quarantine.ReplaySelection;
import attolytics.schema.yaml.Spelling;
import attolytics.settings.Environment;
import attolytics.settings.Redaction;
import attolytics.settings.Settings;
import attolytics.settings.SettingsOptions;
import attolytics.settings.StartException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line: parses options and environment into {@link Settings}, runs a command with them,
 * and turns the result into an exit code and lines on standard error.
 */
@Command(
    name = "attolytics",
    scope = ScopeType.INHERIT,
    subcommands = {
      CheckCommand.class,
      MigrateCommand.class,
      ReplayCommand.class,
      GenerateCompletion.class,
      HelpCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = AttolyticsCommand.VersionProvider.class,
    usageHelpWidth = 100,
    abbreviateSynopsis = true,
    sortOptions = false,
    headerHeading = "Receives events as JSON over HTTP and writes them to PostgreSQL.%n%n",
    synopsisHeading = "Usage: ",
    synopsisSubcommandLabel = "[COMMAND]",
    commandListHeading = "%nCommands (without one, the service is started):%n",
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "Sizes are bytes or end in KiB, MiB, GiB (or K, M, G: the same), or in KB, MB, GB (powers of"
          + " 1000).",
      "Durations end in us, ms, s, m (or min), h or d, and may have a fraction: 1.5s.",
      "Every option of the service is also read from the environment, --db_url from",
      "ATTOLYTICS_DB_URL, for example. A flag takes precedence over the environment.",
      "Names can have dashes instead of underscores: --db-url.",
      "",
      "Exit codes:",
      "  0  stopped after all accepted requests were answered; check: a start would not be refused;",
      "     migrate: nothing is left to do; replay: no event that was selected is left",
      "  1  the start, the run, the check, the migration or the replay failed; standard error says",
      "     why, in lines that begin with 'error:'",
      "  2  wrong command line",
      "  3  migrate: something is left to do; replay: events that were selected are left",
      "",
      "Example:",
      "  ATTOLYTICS_DB_URL=postgres://attolytics:secret@db.example.com/analytics \\",
      "    java -jar attolytics.jar --schema schema.conf.yaml --host 0.0.0.0 --port 8000"
    })
public final class AttolyticsCommand implements Callable<Integer> {
  /**
   * The actions of the commands. Each returns the exit code, and throws {@link StartException} for
   * problems that the user can solve, which are printed on a line each. Any other exception is a
   * line, too, with a stack trace if {@code -v} is given.
   */
  public interface Actions {
    /** Runs the service until it is stopped by a signal. */
    int serve(Settings settings) throws Exception;

    /** Prints what a start would do. */
    int check(Settings settings) throws Exception;

    /**
     * Prints what makes the database match the schema file.
     *
     * @param apply whether to run it as well
     */
    int migrate(Settings settings, boolean apply) throws Exception;

    /**
     * Stores the events in quarantine that have become valid.
     *
     * @param dryRun whether to change nothing
     */
    int replay(Settings settings, ReplaySelection selection, boolean dryRun) throws Exception;
  }

  /** One of them. */
  @FunctionalInterface
  interface Action {
    int run(Settings settings) throws Exception;
  }

  private static final Logger log = LoggerFactory.getLogger(AttolyticsCommand.class);

  private final Actions actions;

  @Mixin private final SettingsOptions options;

  private int verbosity;

  private AttolyticsCommand(Environment environment, Actions actions) {
    this.options = new SettingsOptions(environment);
    this.actions = actions;
  }

  /**
   * Parses the arguments and runs the command.
   *
   * @param variables the environment
   * @return the exit code
   */
  public static int execute(
      String[] args,
      Map<String, String> variables,
      Actions actions,
      PrintWriter out,
      PrintWriter err) {
    Environment environment = new Environment(asksForHelp(args) ? Map.of() : variables);
    AttolyticsCommand command = new AttolyticsCommand(environment, actions);
    CommandLine commandLine = new CommandLine(command);
    commandLine
        .setDefaultValueProvider(environment)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((e, given) -> report(e, given, environment))
        .setExecutionExceptionHandler(command::report);
    return commandLine.execute(withUnderscores(args, commandLine));
  }

  @Override
  public Integer call() throws Exception {
    return run(actions::serve);
  }

  /** Runs an action with the settings, after the log is configured by them. */
  int run(Action action) throws Exception {
    Settings settings = options.toSettings();
    verbosity = settings.verbosity();
    Logging.configure(verbosity, settings.logFormat());
    warnOfUnknownVariables();
    return action.run(settings);
  }

  /** No errors: a variable may be meant for the schema file's secret keys, or another program. */
  private void warnOfUnknownVariables() {
    for (String name : options.unknownVariables()) {
      log.warn(
          "the environment variable {} sets no option{}",
          name,
          Spelling.nearest(name, options.variables())
              .map(meant -> "; did you mean " + meant + "?")
              .orElse(""));
    }
  }

  Actions actions() {
    return actions;
  }

  /** Whether to ignore the environment: a mistake in it must not prevent the help. */
  private static boolean asksForHelp(String[] args) {
    return (args.length > 0 && args[0].equals("help"))
        || Stream.of(args)
            .takeWhile(arg -> !arg.equals("--"))
            .anyMatch(List.of("-h", "--help", "-V", "--version")::contains);
  }

  /** Accepts {@code --db-url} for {@code --db_url}, without a second name in the help. */
  private static String[] withUnderscores(String[] args, CommandLine commandLine) {
    String[] result = args.clone();
    for (int i = 0; i < result.length && !result[i].equals("--"); i++) {
      int equals = result[i].indexOf('=');
      String name = equals < 0 ? result[i] : result[i].substring(0, equals);
      String known = "--" + name.substring(Math.min(2, name.length())).replace('-', '_');
      if (name.startsWith("--") && isOption(known, commandLine)) {
        result[i] = known + result[i].substring(name.length());
      }
    }
    return result;
  }

  private static boolean isOption(String name, CommandLine commandLine) {
    return commandLine.getCommandSpec().findOption(name) != null
        || commandLine.getSubcommands().values().stream()
            .anyMatch(command -> command.getCommandSpec().findOption(name) != null);
  }

  private static int report(ParameterException e, String[] args, Environment environment) {
    PrintWriter err = e.getCommandLine().getErr();
    List<String> given = Stream.concat(Stream.of(args), environment.values()).toList();
    Redaction.redact(message(e, environment), given).lines().forEach(line -> printError(err, line));
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '--help'.");
    return ExitCode.USAGE;
  }

  private static String message(ParameterException e, Environment environment) {
    if (e instanceof UnmatchedArgumentException unmatched
        && !unmatched.isUnknownOption()
        && e.getCommandLine().getParent() == null) {
      return "unknown command '%s', expected one of %s"
          .formatted(
              unmatched.getUnmatched().get(0),
              String.join(", ", e.getCommandLine().getSubcommands().keySet()));
    }
    ArgSpec argument = e.getArgSpec();
    if (!(argument instanceof OptionSpec option) || e.getValue() == null) {
      return String.valueOf(e.getMessage());
    }
    String what =
        e.getCause() instanceof TypeConversionException cause
            ? String.valueOf(cause.getMessage()).replace("is not an int", "is not a whole number")
            : "'" + e.getValue() + "' is not valid";
    return environment.origin(option) + ": " + what;
  }

  /** Reports an exception of the action itself. */
  private int report(Exception e, CommandLine commandLine, @Nullable ParseResult parsed) {
    PrintWriter err = commandLine.getErr();
    Stream<String> problems =
        e instanceof StartException start ? start.problems().stream() : Stream.of(describe(e));
    problems.forEach(problem -> printError(err, problem));
    if (verbosity > 0) {
      err.print(Redaction.redact(stackTrace(e)));
    }
    err.flush();
    return ExitCode.SOFTWARE;
  }

  private static String describe(Exception e) {
    String message = e.getMessage();
    String kind = e instanceof InterruptedException ? "interrupted" : e.getClass().getSimpleName();
    return kind + (message == null ? "" : ": " + message);
  }

  private static String stackTrace(Exception e) {
    StringWriter text = new StringWriter();
    e.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }

  /** Prints one line, without a password. */
  private static void printError(PrintWriter err, String problem) {
    err.println(
        Journal.prefix(Level.ERROR)
            + "error: "
            + Redaction.redact(problem).replaceAll("\\s*\\R\\s*", " "));
  }

  /** What {@code --version} prints. */
  static final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"attolytics " + Version.number()};
    }
  }
}
