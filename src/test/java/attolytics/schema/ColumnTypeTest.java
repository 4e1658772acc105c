package attolytics.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import attolytics.encoding.ValueError;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ColumnTypeTest {
  // Names

  @Test
  void named_findsEveryTypeByItsExactName() {
    for (ScalarType type : ScalarType.values()) {
      assertEquals(type, ColumnType.named(type.schemaName()));
      assertNull(ColumnType.named(type.name()));
    }
    assertNull(ColumnType.named("int"));
    assertNull(ColumnType.named(""));
  }

  @ParameterizedTest
  @CsvSource({"1, 1 character", "2, 2 characters"})
  void explain_countsCharacters(int maxLength, String expected) {
    String told = new StringType(maxLength, List.of()).explain(ValueError.TOO_LONG);
    assertEquals(" must have at most " + expected, told);
  }

  // Invalid values

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "JSON")
  void encode_objectsAndArrays_areMismatches(ScalarType type) {
    assertEquals(ValueError.TYPE_MISMATCH, Encoding.error(type, "{}"));
    assertEquals(ValueError.TYPE_MISMATCH, Encoding.error(type, "{\"a\": 1}"));
    assertEquals(ValueError.TYPE_MISMATCH, Encoding.error(type, "[1]"));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "BOOL, 0",
        "BOOL, 1",
        "BOOL, 1.0",
        "BOOL, \"true\"",
        "I32, true",
        "I32, \"1\"",
        "I32, 1.0",
        "I32, 1e2",
        "I32, -0.0",
        "I32, 0e0",
        "I32, 1.5",
        "I64, false",
        "I64, \"1\"",
        "I64, 1.0",
        "I64, 1E2",
        "I64, -0.0",
        "I64, 9223372036854775807.0",
        "F32, true",
        "F32, \"1\"",
        "F32, \"NaN\"",
        "F64, false",
        "F64, \"1\"",
        "F64, \"Infinity\"",
        "STRING, 1",
        "STRING, 1.5",
        "STRING, true",
        "TIMESTAMP, true",
        "TIMESTAMP, false",
        "DATE, true",
        "DATE, 0",
        "DATE, 20190101",
        "UUID, true",
        "UUID, 0",
        "UUID, 1.5"
      })
  void encode_otherKind_isMismatch(ScalarType type, String json) {
    assertEquals(ValueError.TYPE_MISMATCH, Encoding.error(type, json));
  }

  // bool

  @Test
  void bool_isAByte() {
    assertEquals(ByteBuffer.wrap(new byte[] {1}), Encoding.value(ScalarType.BOOL, "true"));
    assertEquals(ByteBuffer.wrap(new byte[] {0}), Encoding.value(ScalarType.BOOL, "false"));
  }

  // i32, i64

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "1",
        "-1",
        "9",
        "10",
        "99",
        "100",
        "-100",
        "2147483640",
        "2147483646",
        "2147483647",
        "-2147483640",
        "-2147483647",
        "-2147483648"
      })
  void i32_inRange(String json) {
    ByteBuffer value = Encoding.value(ScalarType.I32, json);

    assertEquals(4, value.remaining());
    assertEquals(Integer.parseInt(json), value.getInt());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2147483648",
        "2147483650",
        "-2147483649",
        "-2147483650",
        "4294967295",
        "4294967296",
        "21474836470",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551616",
        "100000000000000000000000000000000000000000"
      })
  void i32_outOfRange(String json) {
    assertEquals(ValueError.OUT_OF_RANGE, Encoding.error(ScalarType.I32, json));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "2147483648",
        "-2147483649",
        "922337203685477580",
        "9223372036854775800",
        "9223372036854775806",
        "9223372036854775807",
        "-9223372036854775800",
        "-9223372036854775807",
        "-9223372036854775808"
      })
  void i64_inRange(String json) {
    ByteBuffer value = Encoding.value(ScalarType.I64, json);

    assertEquals(8, value.remaining());
    assertEquals(Long.parseLong(json), value.getLong());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9223372036854775808",
        "9223372036854775809",
        "9223372036854775810",
        "-9223372036854775809",
        "-9223372036854775810",
        "18446744073709551615",
        "18446744073709551616",
        "92233720368547758070"
      })
  void i64_outOfRange(String json) {
    assertEquals(ValueError.OUT_OF_RANGE, Encoding.error(ScalarType.I64, json));
  }

  @Test
  void integers_minusZeroIsZero() {
    assertEquals(0, Encoding.value(ScalarType.I32, "-0").getInt());
    assertEquals(0, Encoding.value(ScalarType.I64, "-0").getLong());
  }

  @Test
  void integers_ofManyDigits_areOutOfRange() {
    String digits = "1" + "0".repeat(400);

    assertEquals(ValueError.OUT_OF_RANGE, Encoding.error(ScalarType.I32, digits));
    assertEquals(ValueError.OUT_OF_RANGE, Encoding.error(ScalarType.I64, "-" + digits));
  }

  // f32, f64

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-0",
        "-0.0",
        "0e999999999999",
        "1",
        "1.5",
        "-1e2",
        "0.1",
        "16777216",
        "16777217", // halfway between two floats: to even
        "16777218",
        "16777219",
        "9007199254740993", // the same for doubles
        "9007199254740995",
        "1.00000017881393432617187499", // by way of a double it would be rounded twice
        "1.00000017881393432617187500",
        "1.00000017881393432617187501",
        "1.00000005960464477539062500000000000000000000001",
        "1.00000005960464477539062499999999999999999999999",
        "8388609.499999999999999999",
        "8388609.500000000000000001",
        "3.4028234663852886e38",
        "3.40282356e38",
        "3.4028235677973366e38",
        "3.40282356779733661637539395458142568447e38",
        "3.40282356779733661637539395458142568448e38", // the least that is too large for a float
        "1.1754943508222875e-38",
        "1.401298464324817e-45",
        "7.006492321624086e-46", // just above half of the least float
        "7.006492321624085e-46",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.797693134862315807e308",
        "1.797693134862315808e308",
        "-1.797693134862315808e308",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e39",
        "1e308",
        "1e309",
        "1e400",
        "-1e400",
        "1e-400",
        "-1e-400",
        "1e2147483647",
        "1e2147483648",
        "1e999999999999999999999",
        "-1e999999999999999999999",
        "1e-999999999999999999999",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000000000000000000000000000123"
      })
  void floats_areRoundedToTheNearest(String json) {
    assertRounded(json);
  }

  @Test
  void floats_ofManyDigits() {
    String digits = "1234567890".repeat(40);

    assertRounded(digits);
    assertRounded("-" + digits + "e-390");
    assertRounded("0." + digits);
    assertRounded("0." + "0".repeat(400) + "1e401");
    assertRounded("1" + "0".repeat(400) + "e-400");
    assertRounded("0." + "0".repeat(2000) + "1");
    assertRounded("1.00000005960464477539062500" + "0".repeat(3000) + "1");
    assertRounded("9007199254740993." + "0".repeat(3000) + "1");
  }

  @Test
  void floats_minusZeroKeepsItsSign() {
    assertEquals(0x8000_0000, Encoding.value(ScalarType.F32, "-0.0").getInt());
    assertEquals(0x8000_0000_0000_0000L, Encoding.value(ScalarType.F64, "-0.0").getLong());
    assertEquals(0x8000_0000, Encoding.value(ScalarType.F32, "-1e-400").getInt());
  }

  @Test
  void f32_isNotRoundedTwice() {
    String justAboveTheMiddle = "1.00000005960464477539062500000000001";

    assertEquals(Math.nextUp(1f), Encoding.value(ScalarType.F32, justAboveTheMiddle).getFloat());
    assertEquals(1f, (float) Double.parseDouble(justAboveTheMiddle));
  }

  /** The same result as the JDK's parser. */
  private static void assertRounded(String json) {
    double nearest = Double.parseDouble(json);
    if (Double.isInfinite(nearest)) {
      assertEquals(ValueError.OUT_OF_RANGE, Encoding.error(ScalarType.F64, json));
    } else {
      ByteBuffer value = Encoding.value(ScalarType.F64, json);
      assertEquals(8, value.remaining());
      assertEquals(Double.doubleToRawLongBits(nearest), value.getLong());
    }
    float nearestFloat = Float.parseFloat(json);
    if (Float.isInfinite(nearestFloat)) {
      assertEquals(ValueError.OUT_OF_RANGE, Encoding.error(ScalarType.F32, json));
    } else {
      ByteBuffer value = Encoding.value(ScalarType.F32, json);
      assertEquals(4, value.remaining());
      assertEquals(Float.floatToRawIntBits(nearestFloat), value.getInt());
    }
  }

  // string

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "plain text",
        "\u0001\u001f\u007f",
        "\u0080ÿ\u07ff",
        "\u0800€\ud7ff\ue000\ufffe\uffff",
        "\ud800\udc00\ud83d\ude00\udbff\udfff",
        "mixed: ä€😀z",
        "\"\\/\b\f\n\r\t"
      })
  void string_isItsUtf8(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);

    assertEquals(ByteBuffer.wrap(utf8), Encoding.value(ScalarType.STRING, escaped(text)));
    if (text.chars().allMatch(c -> c >= ' ' && c != '"' && c != '\\')) {
      assertEquals(ByteBuffer.wrap(utf8), Encoding.value(ScalarType.STRING, '"' + text + '"'));
    }
  }

  @Test
  void string_ofAnyLength() {
    String text = "aä€😀".repeat(10_000);

    assertEquals(
        ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)),
        Encoding.value(ScalarType.STRING, '"' + text + '"'));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\u0000",
        "a\\u0000b",
        "\\ud800",
        "\\udc00",
        "\\ud83dx",
        "\\ud83d\\ud83d",
        "\\ude00\\ud83d",
        "x\\udbff",
        "\\ud83d\\ude00\\ud83d"
      })
  void string_thatPostgresCannotStore_isRefused(String escaped) {
    assertEquals(ValueError.INVALID_STRING, Encoding.error(ScalarType.STRING, '"' + escaped + '"'));
  }

  private static String escaped(String text) {
    StringBuilder json = new StringBuilder("\"");
    text.chars().forEach(c -> json.append("\\u%04x".formatted(c)));
    return json.append('"').toString();
  }

  // timestamp; its parsing is tested in DateTimesTest

  @Test
  void timestamp_isMicrosecondsSince2000() {
    ByteBuffer value = Encoding.value(ScalarType.TIMESTAMP, "946684801.000001");

    assertEquals(8, value.remaining());
    assertEquals(1_000_001, value.getLong());
    assertEquals(
        1_000_001,
        Encoding.value(ScalarType.TIMESTAMP, "\"2000-01-01T00:00:01.000001Z\"").getLong());
    assertEquals(-946_684_800_000_000L, Encoding.value(ScalarType.TIMESTAMP, "-0").getLong());
  }

  @Test
  void timestamp_errors() {
    assertEquals(
        ValueError.INVALID_TIMESTAMP, Encoding.error(ScalarType.TIMESTAMP, "\"yesterday\""));
    assertEquals(ValueError.INVALID_TIMESTAMP, Encoding.error(ScalarType.TIMESTAMP, "\"\""));
    assertEquals(ValueError.INVALID_TIMESTAMP, Encoding.error(ScalarType.TIMESTAMP, "\"1\""));
    assertEquals(ValueError.OUT_OF_RANGE, Encoding.error(ScalarType.TIMESTAMP, "1e99"));
  }

  // date; its parsing is tested in DateTimesTest

  @Test
  void date_isDaysSince2000() {
    ByteBuffer value = Encoding.value(ScalarType.DATE, "\"2000-01-02\"");

    assertEquals(4, value.remaining());
    assertEquals(1, value.getInt());
    assertEquals(-1, Encoding.value(ScalarType.DATE, "\"1999-12-31\"").getInt());
  }

  @Test
  void date_invalid_isRefused() {
    assertEquals(ValueError.INVALID_DATE, Encoding.error(ScalarType.DATE, "\"2019-02-29\""));
    assertEquals(ValueError.INVALID_DATE, Encoding.error(ScalarType.DATE, "\"\""));
  }

  // uuid

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "123e4567-e89b-12d3-a456-426614174000",
        "01234567-89AB-CDEF-abcd-efABCDEF0123"
      })
  void uuid_isSixteenBytes(String uuid) {
    ByteBuffer value = Encoding.value(ScalarType.UUID, '"' + uuid + '"');

    assertEquals(16, value.remaining());
    assertEquals(UUID.fromString(uuid), new UUID(value.getLong(), value.getLong()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "123e4567e89b12d3a456426614174000",
        "{123e4567-e89b-12d3-a456-426614174000}",
        "urn:uuid:123e4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-42661417400",
        "123e4567-e89b-12d3-a456-4266141740000",
        "123e4567-e89b-12d3-a456-42661417400g",
        "123e4567-e89b-12d3-a456-42661417400\u00e9",
        "123e4567-e89b-12d3-a456_426614174000",
        "123e456-7e89b-12d3-a456-426614174000",
        "123e4567--e89b12d3-a456-426614174000",
        "-123e4567-e89b-12d3-a456-42661417400",
        "123e4567-e89b-12d3-a456 426614174000",
        "1-1-1-1-1"
      })
  void uuid_invalid_isRefused(String text) {
    assertEquals(ValueError.TYPE_MISMATCH, Encoding.error(ScalarType.UUID, '"' + text + '"'));
  }

  // json; which numbers fit is tested in NumbersTest

  @ParameterizedTest
  @ValueSource(
      strings = {
        "true",
        "0",
        "1.50",
        "-1e-7",
        "\"\"",
        "\"\\n \\\\u00e9 \\u0022 \\u007f é😀\"",
        "[]",
        "{}",
        "[null, 1 ,{\"a\":[ ]}]",
        "{\"a\":1,\"a\" : 2, \"\": {\"b\": null}}"
      })
  void json_isVersionAndText(String json) {
    ByteBuffer value = Encoding.value(ScalarType.JSON, json);

    assertEquals(1, value.get());
    assertEquals(json, StandardCharsets.UTF_8.decode(value).toString());
  }

  /** A database with the encoding SQL_ASCII rejects such escapes. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`\"\\u65e5\"`, `\"日\"`",
        "`\"\\u0080\\u07fF\\u0800\\uFFFF\"`, `\"\u0080\u07ff\u0800\uffff\"`",
        "`[\"a\\\\\\ud83D\\uDe00b\"]`, `[\"a\\\\😀b\"]`",
        "`{\"\\u00e9\\u0041\": [1, \"x\", {\"\\t\": \"\\u00e9\"}]}`,"
            + " `{\"é\\u0041\": [1, \"x\", {\"\\t\": \"é\"}]}`"
      })
  void json_hasNoEscapesOfNonAsciiCharacters(String json, String text) {
    ByteBuffer value = Encoding.value(ScalarType.JSON, json);

    assertEquals(1, value.get());
    assertEquals(text, StandardCharsets.UTF_8.decode(value).toString());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "INVALID_STRING, \"\\u0000\"",
        "INVALID_STRING, `[1, \"\\ud800\"]`",
        "INVALID_STRING, `{\"\\u0000\": [{\"a\": 1}]}`",
        "INVALID_STRING, `{\"a\": {\"b\": [[\"\\udc00\"], 1]}, \"c\": 2}`",
        "OUT_OF_RANGE, 1e131072",
        "OUT_OF_RANGE, `[[1e-16384], {}]`",
        "OUT_OF_RANGE, `{\"a\": 1e131072}`"
      })
  void json_thatPostgresCannotStore_isRefused(ValueError error, String json) {
    assertEquals(error, Encoding.error(ScalarType.JSON, json));
  }
}
