package attolytics.decode;

import attolytics.schema.ArrayType;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.ScalarType;
import attolytics.schema.StringType;
import attolytics.schema.Table;
import attolytics.schema.TimestampType;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;

/** Random JSON, much of it at the limits of what is valid. */
final class Samples {
  private static final String NUMBERS =
      """
      0 -0 0.0 -0.0 0e0 1 -1 1.0 1e2 1E+2 1e-2 0.1 -0.1 1.5
      2147483647 2147483648 -2147483648 -2147483649
      9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
      16777217 9007199254740993 1.00000005960464477539062500000000001 8388609.499999999999999999
      3.4028234663852886e38 3.4028235677973366e38 3.4028235677973367e38 -3.4028235677973367e38
      1.401298464324817e-45 7.006492321624085e-46 7.006492321624086e-46 1.1754943508222875e-38
      1.7976931348623157e308 1.797693134862315807e308 1.797693134862315808e308 1e400 -1e400
      4.9e-324 2.4703282292062327e-324 2.4703282292062328e-324 1e-400
      1e999999999 1e-999999999 1e1000000000 1e99999999999 1e-99999999999 0e99999999999
      -210866803200 -210866803200.0000005 -210866803200.0000006 -210866803201
      253402300799 253402300799.999999 253402300799.9999994 253402300799.9999995 253402300800
      253402300799999 253402300800000 253402300799999.9994 253402300799999999 253402300800000000
      0.0000005 0.0000015 -0.0000005 1571212800.5 1571212800.1234567 1571212800123456e-6
      1e131071 1e131072 9.9e131071 1e-16383 1e-16384 1.0e-16383 0e-16384 10e-16384
      """;

  private static final String STRINGS =
      """
      "" "a" "true" "1" "NaN" "é" "\u20ac" "😀" "\\ud83d\\ude00" "\\u0000" "a\\u0000b" "\\ud800" "\\udc00x"
      "\\ud801" "\\ufffd" "\\ud83d\\ud83d\\ude00" "\\ude00\\ud83d" "\\"\\\\\\/\\b\\f\\n\\r\\t" "\\u00e9\\u20AC" "\u007f" "x~/y"
      "2019-10-16T08:00:00Z" "2019-10-16t08:00:00z" "2019-10-16 08:00:00.5+02:00"
      "2016-12-31T23:59:60Z" "2016-12-31T23:59:60.9999995Z" "2017-01-01T00:59:60+01:00"
      "2019-02-29T00:00:00Z" "2020-02-29T00:00:00Z" "2020-02-30T00:00:00Z" "2019-10-16T24:00:00Z"
      "2019-10-16T08:00:00" "2019-10-16T08:00Z" "2019-10-16" "2019-10-1" "2019-02-29" "2020-02-29"
      "1900-02-29" "2000-02-29" "0000-01-01" "0000-01-01T00:00:00Z" "0000-01-01T00:00:00+23:59"
      "9999-12-31" "9999-12-31T23:59:60-23:59" "10000-01-01" "-0001-01-01" "2019-13-01" "2019-00-01"
      "2019-01-01T00:00:00.0000005Z" "2019-01-01T00:00:00.0000015Z" "2019-01-01T00:00:61Z"
      "2019-01-01T00:00:00+24:00" "now" "infinity" "epoch"
      "123e4567-e89b-12d3-a456-426614174000" "123E4567-E89B-12D3-A456-426614174000"
      "123e4567e89b12d3a456426614174000" "{123e4567-e89b-12d3-a456-426614174000}"
      "123e4567-e89b-12d3-a456-42661417400" "123e4567-e89b-12d3-a456-42661417400g"
      "123e4567-e89b-12d3a-456-426614174000" "00000000-0000-0000-0000-000000000000"
      """;

  private static final String[] ADDRESS_LIST = {
    "0.0.0.0",
    "255.255.255.255",
    "1.2.3.4/0",
    "1.2.3.4/32",
    "1.2.3.4/33",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.4/",
    "1.2.3.4/024",
    "1.2.3.256",
    " 1.2.3.4",
    "1.2.3.4 ",
    "::",
    "::1",
    "1::",
    "1::/128",
    "1::/129",
    "2001:db8::8:800:200c:417a",
    "FF01::101",
    "::ffff:192.0.2.1",
    "::192.0.2.1/96",
    "192.0.2.1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    ":1",
    "1:",
    ":::",
    "1:::2",
    "12345::",
    "fe80::1%eth0",
    "[::1]",
    "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3.4:5",
    "",
    "localhost"
  };

  private static final String[] NUMBER_LIST = NUMBERS.split("\\s+");

  /** Between two strings stands a space, and no string ends or begins with one. */
  private static final String[] STRING_LIST = STRINGS.strip().split("(?<=\")\\s+(?=\")");

  private static final String[] DAMAGES = {
    "",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "-",
    "+",
    ".",
    "e",
    " ",
    "\n",
    "\u0000",
    "\u001f",
    "\u007f",
    "null",
    "tru",
    "NaN",
    "'",
    "//",
    "/**/",
    "\\u",
    "\\ud83d",
    "\\x",
    "\u00A0",
    "\uFEFF",
    "é",
    "\"_t\":\"types\",",
    "1,"
  };

  private static final String[] TABLES = {
    "\"types\"", "\"\\u0074ypes\"", "\"stricter\"", "\"other\"", "1", "null", "{}", "\"\\ud800\""
  };

  private final Random random;

  Samples(Random random) {
    this.random = random;
  }

  /** True with a probability of 1 / {@code in}. */
  private boolean once(int in) {
    return random.nextInt(in) == 0;
  }

  private <T> T one(T[] of) {
    return of[random.nextInt(of.length)];
  }

  /** Up to so many, joined by commas. */
  private String some(int bound, Supplier<String> each) {
    List<String> parts = new ArrayList<>();
    for (int i = random.nextInt(bound + 1); i > 0; i--) {
      parts.add(each.get());
    }
    return String.join(one(new String[] {",", " , ", ",\r\n\t"}), parts);
  }

  /** Any JSON value, well-formed. */
  String value() {
    return switch (random.nextInt(12)) {
      case 0 -> one(new String[] {"null", "true", "false"});
      case 1, 2, 3 -> one(NUMBER_LIST);
      case 4, 5, 6 -> one(STRING_LIST);
      case 7 -> quoted(text(20));
      case 8 -> String.valueOf(random.nextLong() >> random.nextInt(64));
      case 9 -> String.valueOf(anyDouble());
      case 10 -> "[" + some(3, this::value) + "]";
      default -> "{ " + some(3, () -> field(one(STRING_LIST), value())) + "}";
    };
  }

  /** Up to so many events: most of a table, with most values good. */
  String events(int bound) {
    return some(bound, this::event);
  }

  private String event() {
    return switch (random.nextInt(24)) {
      case 0 -> value();
      case 1, 2 -> event(Oracle.STRICTER);
      case 10, 11, 12, 13, 14 -> event(Oracle.KEYS);
      case 3, 4, 5, 6, 7, 8, 9 -> event(Oracle.DUTIES);
      default -> event(Oracle.TYPES);
    };
  }

  private String event(Table table) {
    String name = field("\"_t\"", once(10) ? one(TABLES) : quoted(table.name()));
    List<String> fields = new ArrayList<>();
    for (Column column : table.columns()) {
      if (column.rest()) {
        for (int i = random.nextInt(4); i > 0; i--) {
          fields.add(field(once(2) ? one(STRING_LIST) : quoted(text(10)), value()));
        }
      } else if (!once(column.required() ? 20 : 4)) {
        fields.add(field(column));
      }
    }
    if (once(10)) {
      fields.add(field(one(STRING_LIST), value()));
    }
    if (once(10)) {
      fields.add(field(table.columns().get(random.nextInt(table.columns().size()))));
    }
    if (once(20)) {
      fields.add(field("\"_t\"", one(TABLES)));
    }
    if (once(2)) {
      Collections.shuffle(fields, random);
    }
    fields.add(once(2) ? 0 : random.nextInt(fields.size() + 1), name);
    return "{" + String.join(",", fields) + "}";
  }

  private String field(String name, String value) {
    return name + one(new String[] {":", ": ", " :\t"}) + value;
  }

  private String field(Column column) {
    String name = once(5) ? escaped(column.field()) : quoted(column.field());
    boolean odd = once(15);
    if (column.isFromRequest()) {
      return odd ? field(name, value()) : field(name, "null");
    }
    return field(name, odd ? value() : fitting(column.type()));
  }

  private String fitting(ColumnType type) {
    if (type instanceof StringType string && !string.values().isEmpty()) {
      return quoted(string.values().get(random.nextInt(string.values().size())));
    } else if (type instanceof StringType) {
      return quoted(text(7).replaceAll("[\\x00\\x{D800}-\\x{DFFF}]", ""));
    } else if (type instanceof TimestampType && once(2)) {
      return String.valueOf(random.nextLong() >> (10 + random.nextInt(20))) + (once(2) ? ".5" : "");
    }
    return type instanceof ArrayType array
        ? "["
            + some(4, () -> once(5) ? "null" : once(40) ? value() : fitting(array.element()))
            + "]"
        : fitting(type.scalar());
  }

  private String fitting(ScalarType type) {
    return switch (type) {
      case BOOL -> String.valueOf(random.nextBoolean());
      case I32 -> String.valueOf(random.nextInt() >> random.nextInt(32));
      case I64 -> String.valueOf(random.nextLong() >> random.nextInt(64));
      case F32, F64 -> String.valueOf((float) anyDouble() == 0 ? 0 : random.nextFloat() * 1e9);
      case STRING -> quoted(text(40).replaceAll("[\\x00\\x{D800}-\\x{DFFF}]", ""));
      case TIMESTAMP -> random.nextBoolean() ? epochSeconds() : dateTime();
      case DATE -> '"' + day() + '"';
      case UUID -> '"' + new UUID(random.nextLong(), random.nextLong()).toString() + '"';
      case NUMERIC -> once(2) ? numeric() : quoted(numeric());
      case INET -> quoted(once(2) ? one(ADDRESS_LIST) : address());
      case JSON -> value();
    };
  }

  private String numeric() {
    String sign = random.nextBoolean() ? "-" : "";
    String integer = once(4) ? "0" : String.valueOf(1 + random.nextInt(9)) + digits(20);
    String fraction = once(3) ? "" : "." + random.nextInt(10) + digits(20);
    String exponent = once(4) ? "e" + (random.nextInt(200) - 100) : "";
    return sign + integer + fraction + exponent;
  }

  private String digits(int bound) {
    StringBuilder digits = new StringBuilder();
    for (int i = random.nextInt(bound); i > 0; i--) {
      digits.append(once(2) ? 0 : random.nextInt(10));
    }
    return digits.toString();
  }

  private String address() {
    if (once(2)) {
      return "%d.%d.%d.%d%s"
          .formatted(
              random.nextInt(256),
              random.nextInt(256),
              random.nextInt(256),
              random.nextInt(260),
              once(3) ? "/" + random.nextInt(34) : "");
    }
    List<String> groups = new ArrayList<>();
    for (int i = once(2) ? 8 : random.nextInt(10); i > 0; i--) {
      groups.add(once(8) ? "" : Integer.toHexString(random.nextInt(1 << random.nextInt(17))));
    }
    return String.join(":", groups) + (once(3) ? "/" + random.nextInt(130) : "");
  }

  private double anyDouble() {
    double any = Double.longBitsToDouble(random.nextLong());
    return Double.isFinite(any) ? any : random.nextDouble();
  }

  private String epochSeconds() {
    BigDecimal seconds = BigDecimal.valueOf(random.nextLong() >> 25, random.nextInt(10));
    return once(3) ? seconds.movePointLeft(3).toPlainString() + "e3" : seconds.toPlainString();
  }

  private String day() {
    long first = LocalDate.of(0, 1, 1).toEpochDay();
    long days = LocalDate.of(10_000, 1, 1).toEpochDay() - first;
    return LocalDate.ofEpochDay(first + (long) (random.nextDouble() * days)).toString();
  }

  private String dateTime() {
    LocalTime time = LocalTime.ofSecondOfDay(random.nextInt(86_400));
    return '"'
        + day()
        + one(new String[] {"T", "t", " "})
        + time.format(DateTimeFormatter.ISO_LOCAL_TIME)
        + one(new String[] {"", ".5", ".123456", ".0000005", ".0000015", ".9999994999", ".9999995"})
        + one(new String[] {"Z", "z", "+00:00", "-00:00", "+23:59", "-23:59", "+05:30"})
        + '"';
  }

  /** Random chars, including unpaired surrogates. */
  private String text(int bound) {
    StringBuilder text = new StringBuilder();
    int bits = 1 + random.nextInt(16);
    for (int i = random.nextInt(bound); i > 0; i--) {
      if (once(8)) {
        text.appendCodePoint(0x10000 + random.nextInt(0x100000));
      } else {
        text.append((char) (random.nextInt(1 << 16) >> (16 - bits)));
      }
    }
    return text.toString();
  }

  /** With escapes only where required. */
  static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              if (c < ' ' || c == '"' || c == '\\' || (c >= 0xD800 && c <= 0xDFFF)) {
                json.append("\\u%04X".formatted(c));
              } else {
                json.appendCodePoint(c);
              }
            });
    return json.append('"').toString();
  }

  /** With every character escaped. */
  static String escaped(String text) {
    StringBuilder json = new StringBuilder("\"");
    text.chars().forEach(c -> json.append("\\u%04x".formatted(c)));
    return json.append('"').toString();
  }

  /** Damages a body at up to three places. */
  byte[] damaged(byte[] body) {
    byte[] damaged = body;
    for (int i = random.nextInt(3); i >= 0; i--) {
      int from = random.nextInt(damaged.length + 1);
      int to = Math.min(damaged.length, from + random.nextInt(4));
      byte[] added = once(4) ? someBytes() : one(DAMAGES).getBytes(StandardCharsets.UTF_8);
      ByteBuffer bytes = ByteBuffer.allocate(damaged.length - (to - from) + added.length);
      bytes.put(damaged, 0, from).put(added).put(damaged, to, damaged.length - to);
      damaged = bytes.array();
    }
    return damaged;
  }

  private byte[] someBytes() {
    byte[] bytes = new byte[1 + random.nextInt(4)];
    random.nextBytes(bytes);
    return bytes;
  }
}
