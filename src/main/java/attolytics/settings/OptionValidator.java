package attolytics.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Collects what is wrong with the values of options, so that all of it is reported together. Each
 * problem names the option or environment variable that has to be changed.
 */
final class OptionValidator {
  private static final Duration MIN_TIMEOUT = Duration.ofMillis(10);
  private static final Duration MAX_TIMEOUT = Duration.ofDays(1);

  private final Supplier<CommandSpec> spec;
  private final Environment environment;
  private final List<String> problems = new ArrayList<>();

  /**
   * @param spec of the command, needed for a problem only
   */
  OptionValidator(Supplier<CommandSpec> spec, Environment environment) {
    this.spec = spec;
    this.environment = environment;
  }

  void add(String option, String problem) {
    problems.add(environment.origin(spec.get().findOption(option)) + ": " + problem);
  }

  /** For a flag whose value picocli did not read from the environment. */
  void addForVariable(String flag, String problem) {
    problems.add(Environment.variable(flag) + ": " + problem);
  }

  void throwIfInvalid() {
    if (!problems.isEmpty()) {
      throw new ParameterException(spec.get().commandLine(), String.join("\n", problems));
    }
  }

  TrustedProxies trustedProxies(String option, String text) {
    try {
      return TrustedProxies.parse(text);
    } catch (IllegalArgumentException e) {
      add(option, String.valueOf(e.getMessage()));
      return TrustedProxies.LOOPBACK;
    }
  }

  void range(String option, long value, long min, long max) {
    if (value < min || value > max) {
      add(option, value + " is not between " + min + " and " + max);
    }
  }

  void size(String option, long bytes, long min, long max) {
    if (bytes < min) {
      add(option, bytes + " bytes is less than " + min);
    } else if (bytes > max) {
      add(option, bytes + " bytes is more than " + max);
    }
  }

  void positive(String option, Duration value) {
    if (value.isZero()) {
      add(option, "must be longer than zero");
    }
  }

  void timeout(String option, Duration value) {
    if (value.compareTo(MIN_TIMEOUT) < 0 || value.compareTo(MAX_TIMEOUT) > 0) {
      add(option, DurationOption.text(value) + " is not between 10ms and 1d");
    }
  }

  void notBlank(String option, String value) {
    if (value.isBlank()) {
      add(option, "must not be empty");
    }
  }

  @Nullable DatabaseUrl databaseUrl(String option, @Nullable String url) {
    try {
      return url == null ? null : DatabaseUrl.parse(url);
    } catch (IllegalArgumentException e) {
      add(option, String.valueOf(e.getMessage()));
      return null;
    }
  }

  /** How often the environment gives a flag: zero if its variable is unset or false. */
  int flagVariable(String flag, int max) {
    String value = environment.value(flag);
    if (value == null) {
      return 0;
    }
    int given =
        switch (value.strip().toLowerCase(Locale.ROOT)) {
          case "0", "false" -> 0;
          case "1", "true" -> 1;
          case "2" -> 2;
          default -> Integer.MAX_VALUE;
        };
    if (given <= max) {
      return given;
    }
    String expected = max >= 2 ? "0, 1, 2, true or false" : "0, 1, true or false";
    addForVariable(flag, "'" + value + "' is not one of " + expected);
    return 0;
  }
}
