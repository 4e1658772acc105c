package attolytics.database.migration;

import attolytics.schema.ColumnType;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a cast between two PostgreSQL types loses without an error. */
final class CastLoss {
  private static final Set<String> FRACTIONS = Set.of("numeric", "real", "double precision");
  private static final Set<String> TEXTS = Set.of("text", "character varying", "character");
  private static final Set<String> TIMES =
      Set.of("timestamp with time zone", "timestamp without time zone");

  private CastLoss() {}

  /**
   * What the statement with the cast loses, as the end of a sentence about it, or null.
   *
   * @param from as {@code regtype} prints it
   */
  static @Nullable String of(String from, ColumnType to) {
    boolean isArray = !to.is(to.scalar());
    if (isArray != from.endsWith("[]")) {
      return null;
    }
    return isArray ? of(from.substring(0, from.length() - 2), to.scalar()) : ofScalar(from, to);
  }

  private static @Nullable String ofScalar(String from, ColumnType to) {
    return switch (to.scalar()) {
      case BOOL -> from.equals("integer") ? "keeps only whether a number is 0" : null;
      case I32, I64 -> hasFractions(from) ? "rounds to whole numbers" : null;
      case F32 -> hasMoreDigits(from, "integer", "double precision") ? rounds(7) : null;
      case F64 -> hasMoreDigits(from, "bigint", "bigint") ? rounds(15) : null;
      case STRING -> from.equals("character") ? "drops spaces at the end" : null;
      case TIMESTAMP -> ofTimestamp(from);
      case DATE -> TIMES.contains(from) || TEXTS.contains(from) ? "drops the time of day" : null;
      case JSON -> ofJson(from);
      case NUMERIC -> rounding(from);
      case UUID, INET -> null;
    };
  }

  private static boolean hasFractions(String from) {
    return FRACTIONS.contains(from) || from.equals("jsonb");
  }

  private static boolean hasMoreDigits(String from, String one, String other) {
    return from.equals(one)
        || from.equals(other)
        || from.equals("bigint")
        || from.equals("numeric")
        || from.equals("jsonb")
        || TEXTS.contains(from);
  }

  private static @Nullable String rounding(String from) {
    return switch (from) {
      case "real" -> rounds(6);
      case "double precision" -> rounds(15);
      default -> null;
    };
  }

  private static String rounds(int digits) {
    return "rounds to about " + digits + " digits";
  }

  private static @Nullable String ofTimestamp(String from) {
    if (TEXTS.contains(from)) {
      return "rounds to microseconds, and uses the session's time zone for values without an offset";
    }
    return from.equals("timestamp without time zone") || from.equals("date")
        ? "interprets values in the session's time zone"
        : null;
  }

  private static @Nullable String ofJson(String from) {
    return from.equals("json") || TEXTS.contains(from)
        ? "drops white space, the order of keys, and all but the last of duplicate keys"
        : null;
  }
}
