package attolytics.schema;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long rows are kept.
 *
 * @param unit days, weeks or months, in UTC
 */
public record Retention(int amount, ChronoUnit unit) {
  private static final Pattern TEXT = Pattern.compile("([1-9]\\d{0,3}) (day|week|month)s?");

  /** Parses {@code 90 days}, {@code 12 weeks}, {@code 1 month}; returns null for other text. */
  public static @Nullable Retention parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    String unit = matcher.group(2).toUpperCase(Locale.ROOT) + "S";
    return new Retention(Integer.parseInt(matcher.group(1)), ChronoUnit.valueOf(unit));
  }

  /** The instant that is this long before another. */
  Instant before(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC).minus(amount, unit).toInstant();
  }

  /** Whether this can be shorter than an interval. */
  public boolean isShorterThan(PartitionInterval interval) {
    return switch (unit) {
      case DAYS -> amount < interval.maxDays();
      case WEEKS -> 7 * amount < interval.maxDays();
      default -> false; // months
    };
  }

  @Override
  public String toString() {
    String units = unit.toString().toLowerCase(Locale.ROOT);
    return amount + " " + (amount == 1 ? units.substring(0, units.length() - 1) : units);
  }
}
