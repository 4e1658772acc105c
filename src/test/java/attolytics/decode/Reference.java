package attolytics.decode;

import attolytics.schema.App;
import attolytics.schema.ArrayType;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.EpochUnit;
import attolytics.schema.ScalarType;
import attolytics.schema.StringType;
import attolytics.schema.Table;
import attolytics.schema.TimestampType;
import attolytics.schema.Validation;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decodes a body in the simplest way: first into a tree, then each value with the classes of the
 * JDK. Slow, and shares no code with {@link Decoder}.
 */
final class Reference {
  /** A row: its values in the order of the columns, timestamps as microseconds since 2000. */
  record Row(Table table, List<@Nullable Object> values) {}

  /** Thrown for an invalid value. The message is the error's code. */
  private static final class InvalidValue extends Exception {
    /** Within the value: a JSON pointer. */
    final String path;

    InvalidValue(String code) {
      this(code, "");
    }

    InvalidValue(String code, String path) {
      super(code);
      this.path = path;
    }
  }

  private static final Pattern DATE_TIME =
      Pattern.compile(
          "(\\d{4}-\\d{2}-\\d{2})[Tt ](\\d{2}):(\\d{2}):(\\d{2})(\\.\\d+)?"
              + "(?:[Zz]|([+-])(\\d{2}):(\\d{2}))");
  private static final Pattern UUID_FORM =
      Pattern.compile("\\p{XDigit}{8}-(\\p{XDigit}{4}-){3}\\p{XDigit}{12}");
  private static final Pattern NUMBER_FORM =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
  private static final Pattern IPV4_FORM =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
  private static final LocalDate DAY_0 = LocalDate.of(2000, 1, 1);
  private static final BigInteger FIRST_MICROS = micros(LocalDate.of(-4713, 11, 24));
  private static final BigInteger END_MICROS = micros(LocalDate.of(10_000, 1, 1));

  private final App app;
  private final boolean strict;
  private final Map<String, String> headers;

  boolean malformed;
  boolean invalidShape;
  @Nullable String secretKey;
  boolean unknownTable;
  final List<String> errors = new ArrayList<>();
  final List<Row> rows = new ArrayList<>();

  /**
   * @param headers as the columns store them
   */
  Reference(App app, Map<String, String> headers) {
    this.app = app;
    this.strict = app.validation() == Validation.STRICT;
    this.headers = headers;
  }

  void decode(byte[] body) {
    Tree root;
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      root = Tree.parse(text.startsWith("\uFEFF") ? text.substring(1) : text);
    } catch (CharacterCodingException | Tree.NoJson e) {
      malformed = true;
      return;
    }
    if (!(root instanceof Tree.Obj object)) {
      invalidShape = true;
      return;
    }
    List<Tree> keys = valuesOf(object, "secret_key");
    List<Tree> events = valuesOf(object, "events");
    if (keys.size() > 1 || events.size() > 1) {
      malformed = true;
    } else if (events.isEmpty()
        || !(events.get(0) instanceof Tree.Arr array)
        || (!keys.isEmpty() && !(keys.get(0) instanceof Tree.Str))) {
      invalidShape = true;
    } else {
      secretKey = keys.isEmpty() ? null : ((Tree.Str) keys.get(0)).text();
      for (int i = 0; i < array.elements().size(); i++) {
        event("/events/" + i, array.elements().get(i));
      }
    }
  }

  private static List<Tree> valuesOf(Tree.Obj object, String name) {
    return object.fields().stream()
        .filter(field -> field.name().equals(name))
        .map(Tree.Field::value)
        .toList();
  }

  private void event(String pointer, Tree event) {
    if (!(event instanceof Tree.Obj object)) {
      errors.add(pointer + " type_mismatch");
      return;
    }
    List<Tree> names = valuesOf(object, "_t");
    for (int i = 1; strict && i < names.size(); i++) {
      errors.add(pointer + "/_t duplicate_field");
    }
    if (names.isEmpty()) {
      errors.add(pointer + "/_t missing_field");
    } else if (!(names.get(strict ? 0 : names.size() - 1) instanceof Tree.Str name)) {
      errors.add(pointer + "/_t type_mismatch");
    } else {
      Table table = app.table(name.text());
      if (table == null) {
        unknownTable = true;
      } else {
        row(pointer, table, object);
      }
    }
  }

  private void row(String pointer, Table table, Tree.Obj event) {
    Map<String, Column> columns = new HashMap<>();
    boolean hasRest = false;
    for (Column column : table.columns()) {
      hasRest |= column.rest();
      if (!column.rest()) {
        columns.put(column.field(), column);
      }
    }
    Map<String, Tree> given = new HashMap<>();
    List<Tree.Field> rest = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Tree.Field field : event.fields()) {
      String place = pointer + "/" + shown(field.name());
      Column column = columns.get(field.name());
      if (column == null && field.name().equals("_t")) {
        continue;
      }
      boolean known = column != null || hasRest;
      if (!known && strict) {
        errors.add(place + " unknown_field");
      } else if (known && hasNoLoneSurrogate(field.name()) && !seen.add(field.name()) && strict) {
        errors.add(place + " duplicate_field");
        if (column == null) {
          addToRest(place, field, rest);
        }
      } else if (column == null) {
        if (known) {
          addToRest(place, field, rest);
        }
      } else if (column.header() == null && column.source() == null) {
        given.put(field.name(), field.value());
      } else if (strict && !(field.value() instanceof Tree.Null)) {
        errors.add(place + (column.header() == null ? " source_field" : " header_field"));
      }
    }
    List<@Nullable Object> values = new ArrayList<>();
    for (Column column : table.columns()) {
      if (column.rest()) {
        values.add(rest.isEmpty() ? null : new Tree.Obj(rest));
      } else {
        values.add(value(pointer + "/" + shown(column.field()), column, given.get(column.field())));
      }
    }
    rows.add(new Row(table, values));
  }

  private void addToRest(String place, Tree.Field field, List<Tree.Field> rest) {
    try {
      require(isStorable(field.name()), "invalid_string");
      checkJson(field.value());
      rest.add(field);
    } catch (InvalidValue e) {
      if (strict) {
        errors.add(place + " " + e.getMessage());
      }
    }
  }

  private @Nullable Object value(String place, Column column, @Nullable Tree given) {
    Object value = null;
    try {
      if (column.header() != null) {
        value = headers.get(column.header());
      } else if (column.source() != null) {
        value = app.id();
      } else if (given != null && !(given instanceof Tree.Null)) {
        value = value(column.type(), given);
      }
      value = value == null ? defaultOf(column) : value;
      if (value == null && column.required()) {
        errors.add(place + " missing_field");
      }
    } catch (InvalidValue e) {
      value = defaultOf(column);
      if (strict
          || (column.required() && value == null)
          || (isDate(column.type()) && given instanceof Tree.Str)) {
        errors.add(place + e.path + " " + e.getMessage());
      }
    }
    return value;
  }

  private static @Nullable Object defaultOf(Column column) {
    if (column.defaultValue() == null) {
      return null;
    }
    try {
      return value(column.type(), Tree.parse(column.defaultValue().json()));
    } catch (InvalidValue | Tree.NoJson e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isDate(ColumnType type) {
    return type.is(ScalarType.TIMESTAMP) || type.is(ScalarType.DATE);
  }

  private static Object value(ColumnType type, Tree json) throws InvalidValue {
    if (type instanceof TimestampType timestamp && json instanceof Tree.Num number) {
      return epoch(number.digits(), scale(timestamp.unit()));
    }
    if (!(type instanceof ArrayType array)) {
      Object value = value(type.scalar(), json);
      if (type instanceof StringType string) {
        String text = (String) value;
        int max = string.maxLength();
        require(max == 0 || text.codePointCount(0, text.length()) <= max, "too_long");
        require(string.values().isEmpty() || string.values().contains(text), "value_not_allowed");
      }
      return value;
    }
    if (!(json instanceof Tree.Arr given)) {
      throw new InvalidValue("type_mismatch");
    }
    List<@Nullable Object> elements = new ArrayList<>();
    for (Tree element : given.elements()) {
      try {
        elements.add(element instanceof Tree.Null ? null : value(array.element(), element));
      } catch (InvalidValue e) {
        throw new InvalidValue(String.valueOf(e.getMessage()), "/" + elements.size());
      }
    }
    return elements;
  }

  private static Object value(ScalarType type, Tree json) throws InvalidValue {
    if (type == ScalarType.JSON) {
      checkJson(json);
      return json;
    } else if (type == ScalarType.BOOL && json instanceof Tree.Bool bool) {
      return bool.value();
    } else if (json instanceof Tree.Num number) {
      return number(type, number);
    } else if (json instanceof Tree.Str string) {
      return string(type, string.text());
    }
    throw new InvalidValue("type_mismatch");
  }

  private static Object number(ScalarType type, Tree.Num number) throws InvalidValue {
    String digits = number.digits();
    switch (type) {
      case I32, I64 -> {
        if (!number.isInteger()) {
          throw new InvalidValue("type_mismatch");
        }
        BigInteger value = new BigInteger(digits);
        require(value.bitLength() < (type == ScalarType.I32 ? 32 : 64), "out_of_range");
        return value.longValueExact();
      }
      case F32 -> {
        float value = Float.parseFloat(digits);
        require(Float.isFinite(value), "out_of_range");
        return value;
      }
      case F64 -> {
        double value = Double.parseDouble(digits);
        require(Double.isFinite(value), "out_of_range");
        return value;
      }
      case TIMESTAMP -> {
        return epoch(digits, 6);
      }
      case NUMERIC -> {
        return numeric(digits);
      }
      default -> throw new InvalidValue("type_mismatch");
    }
  }

  private static BigDecimal numeric(String digits) throws InvalidValue {
    require(isNumeric(digits), "out_of_range");
    BigDecimal value = new BigDecimal(digits);
    return value.scale() < 0 ? value.setScale(0) : value;
  }

  private static int scale(EpochUnit unit) {
    return switch (unit) {
      case S -> 6;
      case MS -> 3;
      case US -> 0;
    };
  }

  /**
   * @param scale the power of ten of the unit in microseconds
   */
  private static BigInteger epoch(String digits, int scale) throws InvalidValue {
    BigDecimal number;
    try {
      number = new BigDecimal(digits);
    } catch (NumberFormatException e) {
      // An exponent of over ten digits: the number is 0 or out of range.
      String mantissa = digits.split("[eE]", -1)[0];
      boolean zero = mantissa.chars().noneMatch(c -> c >= '1' && c <= '9');
      require(zero || digits.matches(".*[eE]-.*"), "out_of_range");
      number = BigDecimal.ZERO;
    }
    long magnitude = (long) number.precision() - number.scale();
    require(number.signum() == 0 || magnitude < 30, "out_of_range");
    if (number.signum() == 0 || magnitude < -10) {
      number = BigDecimal.ZERO;
    }
    BigDecimal seconds = number.scaleByPowerOfTen(scale - 6);
    return inRange(rounded(seconds).add(micros(LocalDate.EPOCH)));
  }

  private static Object string(ScalarType type, String text) throws InvalidValue {
    switch (type) {
      case STRING -> {
        require(isStorable(text), "invalid_string");
        return text;
      }
      case TIMESTAMP -> {
        return dateTime(text);
      }
      case DATE -> {
        return date(text, "invalid_date");
      }
      case UUID -> {
        require(UUID_FORM.matcher(text).matches(), "type_mismatch");
        return UUID.fromString(text);
      }
      case NUMERIC -> {
        require(NUMBER_FORM.matcher(text).matches(), "invalid_number");
        return numeric(text);
      }
      case INET -> {
        return inet(text);
      }
      default -> throw new InvalidValue("type_mismatch");
    }
  }

  /** As {@code inet_send} returns it, in hexadecimal. */
  private static String inet(String text) throws InvalidValue {
    String[] parts = text.split("/", -1);
    require(parts.length <= 2, "invalid_address");
    boolean isIpv6 = parts[0].contains(":");
    String address = isIpv6 ? ipv6(parts[0]) : ipv4(parts[0]);
    int bits = address.length() * 4;
    String prefix = parts.length == 1 ? String.valueOf(bits) : parts[1];
    require(prefix.matches("0|[1-9][0-9]{0,2}"), "invalid_address");
    require(Integer.parseInt(prefix) <= bits, "invalid_address");
    return "%02x%02x00%02x%s"
        .formatted(isIpv6 ? 3 : 2, Integer.parseInt(prefix), bits / 8, address);
  }

  private static String ipv4(String text) throws InvalidValue {
    require(IPV4_FORM.matcher(text).matches(), "invalid_address");
    StringBuilder hex = new StringBuilder();
    for (String part : text.split("\\.", -1)) {
      require(Integer.parseInt(part) <= 255, "invalid_address");
      hex.append("%02x".formatted(Integer.parseInt(part)));
    }
    return hex.toString();
  }

  private static String ipv6(String text) throws InvalidValue {
    String[] halves = text.split("::", -1);
    require(halves.length <= 2, "invalid_address");
    String first = groups(halves[0], halves.length == 1);
    if (halves.length == 1) {
      require(first.length() == 32, "invalid_address");
      return first;
    }
    String second = groups(halves[1], true);
    require(first.length() + second.length() <= 28, "invalid_address");
    return first + "0".repeat(32 - first.length() - second.length()) + second;
  }

  private static String groups(String text, boolean atEnd) throws InvalidValue {
    StringBuilder hex = new StringBuilder();
    String[] groups = text.isEmpty() ? new String[0] : text.split(":", -1);
    for (int i = 0; i < groups.length; i++) {
      if (atEnd && i == groups.length - 1 && groups[i].contains(".")) {
        hex.append(ipv4(groups[i]));
      } else {
        require(groups[i].matches("[0-9a-fA-F]{1,4}"), "invalid_address");
        hex.append("%4s".formatted(groups[i].toLowerCase(Locale.ROOT)).replace(' ', '0'));
      }
    }
    return hex.toString();
  }

  private static BigInteger dateTime(String text) throws InvalidValue {
    Matcher parts = DATE_TIME.matcher(text);
    require(parts.matches(), "invalid_timestamp");
    LocalDate day = date(parts.group(1), "invalid_timestamp");
    int hour = Integer.parseInt(parts.group(2));
    int minute = Integer.parseInt(parts.group(3));
    int second = Integer.parseInt(parts.group(4));
    require(hour < 24 && minute < 60 && second <= 60, "invalid_timestamp");
    int offset = 0;
    if (parts.group(6) != null) {
      int hours = Integer.parseInt(parts.group(7));
      int minutes = Integer.parseInt(parts.group(8));
      require(hours < 24 && minutes < 60, "invalid_timestamp");
      offset = (hours * 60 + minutes) * (parts.group(6).equals("-") ? -60 : 60);
    }
    BigDecimal fraction = new BigDecimal(parts.group(5) == null ? "0" : "0" + parts.group(5));
    long seconds = hour * 3600L + minute * 60L + second - offset;
    return micros(day).add(rounded(fraction.add(BigDecimal.valueOf(seconds))));
  }

  private static LocalDate date(String text, String code) throws InvalidValue {
    require(text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}"), code);
    try {
      return LocalDate.parse(text);
    } catch (DateTimeException e) {
      throw new InvalidValue(code);
    }
  }

  /** Since 2000. */
  private static BigInteger micros(LocalDate day) {
    return BigInteger.valueOf(day.toEpochDay() - DAY_0.toEpochDay())
        .multiply(BigInteger.valueOf(86_400_000_000L));
  }

  private static BigInteger rounded(BigDecimal seconds) {
    return seconds.movePointRight(6).setScale(0, RoundingMode.HALF_EVEN).toBigIntegerExact();
  }

  private static BigInteger inRange(BigInteger micros) throws InvalidValue {
    require(
        micros.compareTo(FIRST_MICROS) >= 0 && micros.compareTo(END_MICROS) < 0, "out_of_range");
    return micros;
  }

  private static void checkJson(Tree json) throws InvalidValue {
    if (json instanceof Tree.Str string) {
      require(isStorable(string.text()), "invalid_string");
    } else if (json instanceof Tree.Num number) {
      require(isNumeric(number.digits()), "out_of_range");
    } else if (json instanceof Tree.Arr array) {
      for (Tree element : array.elements()) {
        checkJson(element);
      }
    } else if (json instanceof Tree.Obj object) {
      for (Tree.Field field : object.fields()) {
        require(isStorable(field.name()), "invalid_string");
        checkJson(field.value());
      }
    }
  }

  private static boolean isNumeric(String digits) {
    try {
      BigDecimal value = new BigDecimal(digits);
      String[] parts = digits.split("[eE]", -1);
      int exponent = parts.length == 1 ? 0 : Integer.parseInt(parts[1]);
      return value.scale() <= 16_383
          && (value.signum() == 0 || (long) value.precision() - value.scale() <= 131_072)
          && Math.abs(exponent) < 1_000_000_000;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static boolean isStorable(String text) {
    return text.indexOf('\0') < 0 && hasNoLoneSurrogate(text);
  }

  private static boolean hasNoLoneSurrogate(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /** A field's name in a pointer. */
  private static String shown(String name) {
    String text = replaceLoneSurrogates(name);
    if (text.length() > 64) {
      int end = Character.isHighSurrogate(text.charAt(62)) ? 62 : 63;
      text = text.substring(0, end) + "…";
    }
    return text.replace("~", "~0").replace("/", "~1");
  }

  static String replaceLoneSurrogates(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
  }

  private static void require(boolean condition, String code) throws InvalidValue {
    if (!condition) {
      throw new InvalidValue(code);
    }
  }
}
