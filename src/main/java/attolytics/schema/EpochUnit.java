package attolytics.schema;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a number in a timestamp column counts. */
public enum EpochUnit {
  S("seconds", "milliseconds", 6),
  MS("milliseconds", "microseconds", 3),
  US("microseconds", "nanoseconds", 0);

  private final String unit;
  private final String smaller;
  private final int scale;

  EpochUnit(String unit, String smaller, int scale) {
    this.unit = unit;
    this.smaller = smaller;
    this.scale = scale;
  }

  /** The unit of that name in the schema file, or null. */
  public static @Nullable EpochUnit named(String name) {
    return names().contains(name) ? valueOf(name.toUpperCase(Locale.ROOT)) : null;
  }

  public static List<String> names() {
    return Stream.of(values()).map(unit -> unit.name().toLowerCase(Locale.ROOT)).toList();
  }

  /** The power of ten of the unit in microseconds. */
  int scale() {
    return scale;
  }

  /** The values that a timestamp column accepts, in words. */
  String accepts() {
    return unit + " since 1970 or an RFC 3339 date-time such as 2026-01-31T12:00:00Z";
  }

  /** Asks about the most likely cause of a number that is out of range. */
  String question() {
    return " (is this in " + smaller + "?)";
  }
}
