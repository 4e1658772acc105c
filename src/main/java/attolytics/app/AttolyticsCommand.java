package attolytics.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line: reads options and environment into {@link Settings}, hands them on, and turns
 * whatever comes back into an exit code and lines on standard error.
 */
@Command(
    name = "attolytics",
    subcommands = GenerateCompletion.class,
    mixinStandardHelpOptions = true,
    versionProvider = AttolyticsCommand.Version.class,
    usageHelpWidth = 100,
    abbreviateSynopsis = true,
    sortOptions = false,
    headerHeading = "Receives events as JSON over HTTP and writes them to PostgreSQL.%n%n",
    synopsisHeading = "Usage: ",
    customSynopsis = "java -jar attolytics.jar [check | migrate [--apply]] [OPTIONS]",
    parameterListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "Sizes are bytes or end in KiB, MiB, GiB (or K, M, G: the same), or in KB, MB, GB (powers of"
          + " 1000).",
      "Durations end in us, ms, s, m (or min), h or d, and may have a fraction: 1.5s.",
      "Every option is also read from the environment as ATTOLYTICS_ and its name in capitals,",
      "--db_url for one from ATTOLYTICS_DB_URL. A flag wins over the environment. Dashes do as well"
          + " as",
      "underscores: --db-url.",
      "",
      "Exit codes:",
      "  0  stopped after everything accepted was written; check: a start would not be refused;",
      "     migrate: nothing is left to do",
      "  1  the start, the run, the check or the migration failed; standard error says why, in",
      "     lines that begin with 'error:'",
      "  2  wrong command line",
      "  3  migrate: something is left to do",
      "",
      "Example:",
      "  ATTOLYTICS_DB_URL=postgres://attolytics:secret@db.example.com/analytics \\",
      "    java -jar attolytics.jar --schema schema.conf.yaml --host 0.0.0.0 --port 8000"
    })
public final class AttolyticsCommand implements Callable<Integer> {
  /** What is done with the settings. */
  @FunctionalInterface
  public interface Action {
    /**
     * Runs until the service is told to stop, or fails.
     *
     * @return the exit code
     * @throws StartException for problems that the user can mend: a line for each
     * @throws Exception for anything else: a line too, and a stack trace under {@code -v}
     */
    int run(Settings settings) throws Exception;
  }

  private static final String CHECK = "check";

  private static final String MIGRATE = "migrate";

  private final Action start;
  private final Action check;
  private final Action migrate;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = CHECK + ", " + MIGRATE,
      hideParamSyntax = true,
      completionCandidates = Commands.class,
      description = {
        "check: reads the schema file and the database, prints what a start would create or refuse,"
            + " and changes nothing.",
        "migrate: prints the SQL that makes the database fit the schema file and loses nothing;"
            + " with --apply, runs it beside services that write."
      })
  private @Nullable String command;

  @Spec private @Nullable CommandSpec spec;

  @Mixin private final SettingsOptions options;

  private int verbosity;

  AttolyticsCommand(Environment environment, Action start, Action check, Action migrate) {
    this.options = new SettingsOptions(environment);
    this.start = start;
    this.check = check;
    this.migrate = migrate;
  }

  /**
   * Parses the arguments and runs what they ask for.
   *
   * @param variables the environment
   * @return the exit code
   */
  public static int execute(
      String[] args,
      Map<String, String> variables,
      Action start,
      Action check,
      Action migrate,
      PrintWriter out,
      PrintWriter err) {
    Environment environment = new Environment(asksForHelp(args) ? Map.of() : variables);
    AttolyticsCommand command = new AttolyticsCommand(environment, start, check, migrate);
    CommandLine commandLine = new CommandLine(command);
    // For who installs it, not for who reads the help.
    commandLine
        .getSubcommands()
        .values()
        .forEach(completion -> completion.getCommandSpec().usageMessage().hidden(true));
    commandLine
        .setDefaultValueProvider(environment)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((e, given) -> tell(e, given, environment))
        .setExecutionExceptionHandler(command::tell);
    return commandLine.execute(withUnderscores(args, commandLine));
  }

  @Override
  public Integer call() throws Exception {
    Action action = action();
    Settings settings = options.toSettings(MIGRATE.equals(command));
    verbosity = settings.verbosity();
    Logging.configure(verbosity, settings.logFormat());
    return action.run(settings);
  }

  private Action action() {
    if (command == null) {
      return start;
    }
    return switch (command) {
      case CHECK -> check;
      case MIGRATE -> migrate;
      default ->
          throw new ParameterException(
              Objects.requireNonNull(spec).commandLine(),
              "unknown command '%s', expected %s, %s or none".formatted(command, CHECK, MIGRATE));
    };
  }

  /** Whether the environment does not count: who has a mistake in it still gets the help. */
  private static boolean asksForHelp(String[] args) {
    return Stream.of(args)
        .takeWhile(arg -> !arg.equals("--"))
        .anyMatch(List.of("-h", "--help", "-V", "--version")::contains);
  }

  /** Lets {@code --db-url} stand for {@code --db_url} without a second name in the help. */
  private static String[] withUnderscores(String[] args, CommandLine commandLine) {
    String[] result = args.clone();
    for (int i = 0; i < result.length && !result[i].equals("--"); i++) {
      int equals = result[i].indexOf('=');
      String name = equals < 0 ? result[i] : result[i].substring(0, equals);
      String known = "--" + name.substring(Math.min(2, name.length())).replace('-', '_');
      if (name.startsWith("--") && commandLine.getCommandSpec().findOption(known) != null) {
        result[i] = known + result[i].substring(name.length());
      }
    }
    return result;
  }

  private static int tell(ParameterException e, String[] args, Environment environment) {
    PrintWriter err = e.getCommandLine().getErr();
    List<String> given = Stream.concat(Stream.of(args), environment.values()).toList();
    DatabaseUrl.redact(message(e, environment), given)
        .lines()
        .forEach(line -> printError(err, line));
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try 'java -jar attolytics.jar --help'.");
    return ExitCode.USAGE;
  }

  private static String message(ParameterException e, Environment environment) {
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

  /** The exception of the action itself: what failed is the service, not the command line. */
  private int tell(Exception e, CommandLine commandLine, @Nullable ParseResult parsed) {
    PrintWriter err = commandLine.getErr();
    Stream<String> problems =
        e instanceof StartException start ? start.problems().stream() : Stream.of(describe(e));
    problems.forEach(problem -> printError(err, problem));
    if (verbosity > 0) {
      err.print(DatabaseUrl.redact(stackTrace(e)));
    }
    err.flush();
    return ExitCode.SOFTWARE;
  }

  private static String describe(Exception e) {
    String message = e.getMessage();
    return e.getClass().getSimpleName() + (message == null ? "" : ": " + message);
  }

  private static String stackTrace(Exception e) {
    StringWriter text = new StringWriter();
    e.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }

  /** One line, whatever the text holds, and no password. */
  private static void printError(PrintWriter err, String problem) {
    err.println("error: " + DatabaseUrl.redact(problem).replaceAll("\\s*\\R\\s*", " "));
  }

  /** For the completion. */
  static final class Commands implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of(CHECK, MIGRATE).iterator();
    }
  }

  /** From the manifest of the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"attolytics " + number()};
    }

    static String number() {
      String version = AttolyticsCommand.class.getPackage().getImplementationVersion();
      return version == null ? "development" : version;
    }
  }
}
