package attolytics.settings;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Provides the values of options from environment variables, named {@code ATTOLYTICS_} and the
 * option's name in capitals. Picocli queries it for options that the command line does not give.
 */
public final class Environment implements IDefaultValueProvider {
  private static final String PREFIX = "ATTOLYTICS_";
  private static final Pattern LAST_LINE_BREAK = Pattern.compile("\\R\\z");

  /** Flags. Their variables say how often, which picocli does not accept as a default value. */
  private static final Set<String> FLAGS =
      Set.of("--verbose", "--quiet", "--apply", SettingsOptions.MIGRATE);

  /** Of a single command, and not for every run of it. */
  private static final Set<String> NOT_READ =
      Set.of("--app", "--table", "--code", "--since", "--dry_run");

  /** Of the command in {@code /usr/bin}, which is a script. */
  private static final String JAR = PREFIX + "JAR";

  private static final String SERVICE_HOST = "_SERVICE_HOST";

  /** What Kubernetes sets for a Service whose name begins with {@code attolytics}. */
  private static final Pattern OF_KUBERNETES =
      Pattern.compile(".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\\d+_(TCP|UDP|SCTP)(_.*)?)");

  private static final String PORT = "_PORT";

  private final Map<String, String> variables;
  private final Set<ArgSpec> used = new HashSet<>();

  public Environment(Map<String, String> variables) {
    this.variables = Map.copyOf(variables);
  }

  @Override
  public @Nullable String defaultValue(ArgSpec option) {
    if (!(option instanceof OptionSpec named)
        || FLAGS.contains(named.longestName())
        || NOT_READ.contains(named.longestName())
        || named.usageHelp()
        || named.versionHelp()) {
      return null;
    }
    String value = value(named.longestName());
    if (value == null) {
      return null;
    }
    used.add(option);
    return value.replace("$", "$$"); // picocli replaces variables in default values
  }

  /**
   * The option's value, or null if the variable is unset or empty. A line break at the end, as a
   * file or a shell adds it, is removed.
   */
  @Nullable String value(String option) {
    String value = variables.get(variable(option));
    return value == null || value.isBlank()
        ? null
        : LAST_LINE_BREAK.matcher(value).replaceFirst("");
  }

  /** The values of all variables with the prefix, also of unknown ones. */
  public Stream<String> values() {
    return variables.entrySet().stream()
        .filter(variable -> variable.getKey().startsWith(PREFIX))
        .map(Map.Entry::getValue);
  }

  /**
   * The names with the prefix that are neither an option's nor known to be another program's.
   *
   * @param known names of variables
   */
  List<String> unknown(Collection<String> known) {
    return variables.keySet().stream()
        .filter(name -> name.startsWith(PREFIX) && !known.contains(name))
        .filter(name -> !name.equals(JAR) && !isOfKubernetes(name))
        .sorted()
        .toList();
  }

  private boolean isOfKubernetes(String name) {
    return OF_KUBERNETES.matcher(name).matches()
        || (name.endsWith(PORT)
            && variables.containsKey(
                name.substring(0, name.length() - PORT.length()) + SERVICE_HOST));
  }

  /**
   * Where the option's value comes from: the name of its variable if that was used, or the flag.
   */
  public String origin(OptionSpec option) {
    String name = option.longestName();
    return used.contains(option) ? variable(name) : name;
  }

  static String variable(String option) {
    return PREFIX + option.substring(2).toUpperCase(Locale.ROOT);
  }
}
