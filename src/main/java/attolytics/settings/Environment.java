package attolytics.settings;

import java.util.HashSet;
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
 * Options from environment variables: {@code ATTOLYTICS_} and the option's name in capitals.
 * Picocli asks for the options only that the command line did not give.
 */
public final class Environment implements IDefaultValueProvider {
  private static final String PREFIX = "ATTOLYTICS_";
  private static final Pattern LAST_LINE_BREAK = Pattern.compile("\\R\\z");

  /** Their variables mean how often or whether, which picocli's flags do not take as a default. */
  private static final Set<String> READ_APART =
      Set.of("--verbose", "--quiet", "--apply", SettingsOptions.MIGRATE);

  private final Map<String, String> variables;
  private final Set<ArgSpec> used = new HashSet<>();

  public Environment(Map<String, String> variables) {
    this.variables = Map.copyOf(variables);
  }

  @Override
  public @Nullable String defaultValue(ArgSpec option) {
    if (!(option instanceof OptionSpec named)
        || READ_APART.contains(named.longestName())
        || named.usageHelp()
        || named.versionHelp()) {
      return null;
    }
    String value = value(named.longestName());
    if (value != null) {
      used.add(option);
    }
    return value;
  }

  /**
   * The option's value without the line break that a file or a shell has put at its end, or null if
   * the variable is unset or empty.
   */
  @Nullable String value(String option) {
    String value = variables.get(variable(option));
    return value == null || value.isBlank()
        ? null
        : LAST_LINE_BREAK.matcher(value).replaceFirst("");
  }

  /** The values of all variables that may be ours. */
  public Stream<String> values() {
    return variables.entrySet().stream()
        .filter(variable -> variable.getKey().startsWith(PREFIX))
        .map(Map.Entry::getValue);
  }

  /** What the user has to look at for this option: its variable if that was used, else its flag. */
  public String origin(OptionSpec option) {
    String name = option.longestName();
    return used.contains(option) ? variable(name) : name;
  }

  static String variable(String option) {
    return PREFIX + option.substring(2).toUpperCase(Locale.ROOT);
  }
}
