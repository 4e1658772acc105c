package attolytics.database.partition;

import attolytics.schema.ColumnType;
import attolytics.schema.ScalarType;
import attolytics.schema.TimeRange;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Formats the bounds of a partition for SQL, and parses them as PostgreSQL shows them in any time
 * zone of the session: {@code FOR VALUES FROM ('2026-11-25 00:00:00+00') TO (MAXVALUE)}.
 */
final class PartitionBound {
  private static final Pattern RANGE =
      Pattern.compile("FOR VALUES FROM \\((MINVALUE|'[^']+')\\) TO \\((MAXVALUE|'[^']+')\\)$");

  private static final DateTimeFormatter DAY =
      new DateTimeFormatterBuilder()
          .appendValue(ChronoField.YEAR, 4, 9, SignStyle.NORMAL) // 10000 without a plus
          .appendPattern("-MM-dd")
          .toFormatter();

  private static final DateTimeFormatter WRITTEN_TIME = time("+HH", "+00");

  // With "+00" for no offset, the beginning of +00:53:28 would be parsed as none.
  private static final DateTimeFormatter SHOWN_TIME = time("+HH:mm:ss", "Z");

  private static DateTimeFormatter time(String offset, String none) {
    return new DateTimeFormatterBuilder()
        .append(DAY)
        .appendPattern(" HH:mm:ss")
        .appendFraction(ChronoField.NANO_OF_SECOND, 0, 6, true)
        .appendOffset(offset, none)
        .toFormatter();
  }

  private PartitionBound() {}

  /**
   * Formats a range.
   *
   * @param type of the column
   */
  static String sql(TimeRange range, ColumnType type) {
    return "FOR VALUES FROM (%s) TO (%s)".formatted(sql(range.from(), type), sql(range.to(), type));
  }

  private static String sql(Instant instant, ColumnType type) {
    if (instant.equals(Instant.MIN)) {
      return "MINVALUE";
    }
    if (instant.equals(Instant.MAX)) {
      return "MAXVALUE";
    }
    DateTimeFormatter formatter = type.is(ScalarType.DATE) ? DAY : WRITTEN_TIME;
    return "'" + formatter.format(instant.atOffset(ZoneOffset.UTC)) + "'";
  }

  /**
   * The range at the end of a text, or null if there is none, or not one of times: PostgreSQL shows
   * the bounds of any type in quotes, and those of a TIMESTAMP without an offset.
   */
  static @Nullable TimeRange parse(@Nullable String text) {
    Matcher matcher = RANGE.matcher(text == null ? "" : text);
    if (!matcher.find()) {
      return null;
    }
    try {
      return new TimeRange(instant(matcher.group(1)), instant(matcher.group(2)));
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static Instant instant(String sql) {
    if (sql.equals("MAXVALUE") || sql.equals("'infinity'")) {
      return Instant.MAX;
    }
    // Before all times that the service accepts.
    if (sql.equals("MINVALUE") || sql.equals("'-infinity'") || sql.endsWith(" BC'")) {
      return Instant.MIN;
    }
    String text = sql.substring(1, sql.length() - 1);
    return text.contains(" ")
        ? SHOWN_TIME.parse(text, OffsetDateTime::from).toInstant()
        : DAY.parse(text, LocalDate::from).atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
