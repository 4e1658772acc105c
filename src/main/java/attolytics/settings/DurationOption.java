package attolytics.settings;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses a duration with a unit: {@code 500us}, {@code 1.5s}, {@code 7d}. */
final class DurationOption implements ITypeConverter<Duration> {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,18}(?:\\.\\d{1,18})?) ?([a-zA-Z\u00b5]*)");

  /** Every duration up to it fits into a long of nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  /**
   * @throws TypeConversionException if the text is not a duration, or one of over a hundred years
   */
  @Override
  public Duration convert(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    Duration unit = matcher.matches() ? unit(matcher.group(2)) : Duration.ZERO;
    if (unit.isZero()) {
      throw new TypeConversionException(
          "'%s' is not a duration such as 500us, 5ms, 1.5s, 5m, 2h or 7d".formatted(text));
    }
    BigDecimal nanos =
        new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit.toNanos()));
    if (nanos.compareTo(BigDecimal.valueOf(LONGEST.toNanos())) > 0) {
      throw new TypeConversionException("'%s' is longer than a hundred years".formatted(text));
    }
    return Duration.ofNanos(nanos.longValue());
  }

  /** Zero for an unknown unit. */
  private static Duration unit(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "us", "\u00b5s" -> Duration.ofNanos(1_000);
      case "ms" -> Duration.ofMillis(1);
      case "s" -> Duration.ofSeconds(1);
      case "m", "min" -> Duration.ofMinutes(1);
      case "h" -> Duration.ofHours(1);
      case "d" -> Duration.ofDays(1);
      default -> Duration.ZERO;
    };
  }

  /** Formats as ISO 8601 without the prefix: {@code 1h30m}, {@code 0.5s}. */
  static String text(Duration duration) {
    return duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }

  /** Parses {@code measured}, too, as null. */
  static final class OrMeasured implements ITypeConverter<@Nullable Duration> {
    private static final String MEASURED = "measured";

    @Override
    public @Nullable Duration convert(String text) {
      return text.strip().equalsIgnoreCase(MEASURED) ? null : new DurationOption().convert(text);
    }
  }
}
