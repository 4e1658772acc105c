package attolytics.roundtrip;

import attolytics.schema.EpochUnit;
import attolytics.schema.ScalarType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;

/**
 * A value, as an event has it, and as PostgreSQL itself reads it from a literal.
 *
 * @param literal an expression of SQL, without a type
 */
record RandomValue(String json, String literal) {
  static final RandomValue NULL = new RandomValue("null", "NULL");

  private static final DateTimeFormatter SQL_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS").withZone(ZoneOffset.UTC);

  private static final String CHARACTERS = "aBz0_ \"'\\.,{}[]():;%$/\n\t\u0001\u007fß語\uFFFF\u2028";

  /** Any value of the type, but null. */
  static RandomValue of(Random random, ScalarType type) {
    return switch (type) {
      case BOOL -> plain(String.valueOf(random.nextBoolean()));
      case I32 -> plain(String.valueOf(random.nextInt() >> random.nextInt(32)));
      case I64 -> plain(String.valueOf(random.nextLong() >> random.nextInt(64)));
      case F32 -> plain(decimal(random, 30));
      case F64 -> plain(decimal(random, 280));
      case STRING -> text(text(random, 30));
      case TIMESTAMP -> time(random, EpochUnit.S);
      case DATE -> text(LocalDate.ofEpochDay(day(random)).toString());
      case UUID -> uuid(random);
      case NUMERIC -> numeric(random);
      case INET -> text(address(random) + prefix(random));
      case JSON -> document(random, 3);
    };
  }

  /** An array of such values and null. */
  static RandomValue arrayOf(Random random, ScalarType element) {
    List<String> json = new ArrayList<>();
    List<String> literals = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      RandomValue value = random.nextInt(5) == 0 ? NULL : of(random, element);
      json.add(value.json);
      literals.add(value.literal);
    }
    return new RandomValue(
        "[" + String.join(", ", json) + "]", "ARRAY[" + String.join(", ", literals) + "]");
  }

  static RandomValue text(String text) {
    return new RandomValue(quoted(text), literalOf(text));
  }

  /** A time of the years 2 to 9998, as a number or a string. */
  static RandomValue time(Random random, EpochUnit unit) {
    long first = LocalDate.of(2, 1, 1).toEpochDay() * 86_400_000_000L;
    long last = LocalDate.of(9998, 1, 1).toEpochDay() * 86_400_000_000L;
    long micros = first + (random.nextLong() >>> 1) % (last - first);
    Instant instant = Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    String literal = literalOf(SQL_TIME.format(instant) + "+00");
    if (random.nextBoolean()) {
      ZoneOffset offset = ZoneOffset.ofTotalSeconds(60 * (random.nextInt(2 * 1_080) - 1_080));
      String text = DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(instant.atOffset(offset));
      return new RandomValue(quoted(text), literal);
    }
    int digits =
        switch (unit) {
          case S -> 6;
          case MS -> 3;
          case US -> 0;
        };
    return new RandomValue(BigDecimal.valueOf(micros, digits).toPlainString(), literal);
  }

  private static RandomValue plain(String text) {
    return new RandomValue(text, literalOf(text));
  }

  private static long day(Random random) {
    long first = LocalDate.of(1, 1, 1).toEpochDay();
    return first + (random.nextLong() >>> 1) % (LocalDate.of(9999, 12, 31).toEpochDay() - first);
  }

  private static RandomValue uuid(Random random) {
    String text = new UUID(random.nextLong(), random.nextLong()).toString();
    return text(random.nextBoolean() ? text : text.toUpperCase(Locale.ROOT));
  }

  private static String decimal(Random random, int exponent) {
    String digits = new BigInteger(1 + random.nextInt(80), random).toString();
    String text = (random.nextBoolean() ? "-" : "") + digits;
    if (random.nextBoolean()) {
      text += "." + (random.nextLong() >>> 1);
    }
    return random.nextBoolean() ? text + "e" + (random.nextInt(exponent) - exponent / 2) : text;
  }

  private static RandomValue numeric(Random random) {
    String text =
        new BigDecimal(new BigInteger(random.nextInt(200), random), random.nextInt(60))
            .toPlainString();
    text = random.nextBoolean() ? "-" + text : text;
    text = random.nextInt(4) == 0 ? text + "e" + (random.nextInt(60) - 30) : text;
    return random.nextBoolean() ? plain(text) : text(text);
  }

  /** Without a prefix length. */
  static String address(Random random) {
    if (random.nextBoolean()) {
      return "%d.%d.%d.%d"
          .formatted(
              random.nextInt(256), random.nextInt(256), random.nextInt(256), random.nextInt(256));
    }
    List<String> groups = new ArrayList<>();
    boolean isShort = random.nextBoolean();
    for (int i = isShort ? random.nextInt(6) : 8; i > 0; i--) {
      groups.add(Integer.toHexString(random.nextInt(1 << random.nextInt(17))));
    }
    String text = String.join(":", groups) + (isShort ? "::" : "");
    return random.nextBoolean() ? text : text.toUpperCase(Locale.ROOT);
  }

  private static String prefix(Random random) {
    return random.nextInt(3) == 0 ? "/" + random.nextInt(33) : "";
  }

  private static RandomValue document(Random random, int depth) {
    String json = tree(random, depth);
    return json.equals(NULL.json) ? document(random, depth) : plain(json);
  }

  private static String tree(Random random, int depth) {
    List<String> parts = new ArrayList<>();
    for (int i = random.nextInt(4); depth > 0 && i > 0; i--) {
      parts.add(tree(random, depth - 1));
    }
    return switch (random.nextInt(depth == 0 ? 4 : 6)) {
      case 0 -> decimal(random, 100);
      case 1 -> quoted(text(random, 10));
      case 2 -> String.valueOf(random.nextBoolean());
      case 3 -> "null";
      case 4 -> "[" + String.join(",", parts) + "]";
      default -> {
        parts.replaceAll(part -> quoted(text(random, 3)) + " : " + part);
        yield "{" + String.join(" , ", parts) + "}";
      }
    };
  }

  /** Of what PostgreSQL can store. */
  static String text(Random random, int maxLength) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
      text.appendCodePoint(
          random.nextInt(6) == 0
              ? 0x1F600 + random.nextInt(64)
              : CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
    }
    return text.toString();
  }

  /** In JSON, and in YAML. */
  static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              if (c < ' ' || c == '"' || c == '\\' || c == 0x7f || c == 0x2028 || c == 0xFFFF) {
                json.append("\\u%04X".formatted(c));
              } else {
                json.appendCodePoint(c);
              }
            });
    return json.append('"').toString();
  }

  private static String literalOf(String text) {
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'";
  }
}
