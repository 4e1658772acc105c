package attolytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import attolytics.schema.ColumnType;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The limits of each type: what is posted, and what a SELECT returns. Columns are named after their
 * types.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TypesIT {
  private static final String SCHEMA =
      "tables: {types: {columns: ["
          + Stream.concat(ColumnType.scalarNames().stream(), ColumnType.arrayNames().stream())
              .map("{name: '%1$s', type: '%1$s', indexed: true}"::formatted)
              .collect(Collectors.joining(", "))
          + "]}}\n"
          + "apps: {a: {secret_key: sesame, tables: [types]},"
          + " lenient: {secret_key: sesame, tables: [types], validation: lenient}}\n";

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service = RunningService.start(SCHEMA, "");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @BeforeEach
  void empty() throws Exception {
    service.execute("TRUNCATE types");
  }

  private HttpResponse<String> post(String app, String fields) throws Exception {
    String event = "{\"_t\":\"types\"," + fields + "}";
    return service.send(
        service
            .to("/apps/" + app + "/events")
            .header("Content-Type", "application/json")
            .POST(
                BodyPublishers.ofString("{\"secret_key\":\"sesame\",\"events\":[" + event + "]}")));
  }

  private static String field(String type, String json) {
    return "\"" + type + "\":" + json;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bool | true | TRUE",
        "bool | false | FALSE",
        "bool | null | NULL",
        "i32 | 2147483647 | '2147483647'",
        "i32 | -2147483648 | '-2147483648'",
        "i32 | -0 | 0",
        "i64 | 9223372036854775807 | '9223372036854775807'",
        "i64 | -9223372036854775808 | '-9223372036854775808'",
        "i64 | -0 | 0",
        "f32 | 16777217 | '16777216'",
        "f32 | 3.4028235677973366e38 | '3.4028235e38'",
        "f32 | 1.401298464324817e-45 | '1e-45'",
        "f32 | 7.006492321624085e-46 | '0'",
        "f32 | 7.006492321624086e-46 | '1e-45'",
        "f32 | 1e-400 | '0'",
        "f32 | 8388609.499999999999999999 | '8388609'",
        "f32 | 1.00000005960464477539062500000000001 | '1.0000001'",
        "f64 | 9007199254740993 | '9007199254740992'",
        "f64 | 0.1 | '0.1'",
        "f64 | 1.797693134862315807e308 | '1.7976931348623157e308'",
        "f64 | 4.9e-324 | '5e-324'",
        "f64 | 2.4703282292062327e-324 | '0'",
        "f64 | 1e-400 | '0'",
        "string | `\"\"` | ''",
        "string | `\"a'b\\\"\\\\\\n\"` | E'a\\'b\"\\\\\\n'",
        "string | `\"\\ud83d\\ude00 😀 \\u00e9\"` | '😀 😀 é'",
        "string | `\"\\u0001\u007f\uFFFF\"` | E'\\u0001\\u007f\\uFFFF'",
        "timestamp | 0 | 'epoch'",
        "timestamp | -0.0 | 'epoch'",
        "timestamp | 1571212800.5 | '2019-10-16 08:00:00.5Z'",
        "timestamp | -1.25 | '1969-12-31 23:59:58.75Z'",
        "timestamp | 0.0000015 | '1970-01-01 00:00:00.000002Z'",
        "timestamp | 0.0000025 | '1970-01-01 00:00:00.000002Z'",
        "timestamp | 0.00000251 | '1970-01-01 00:00:00.000003Z'",
        "timestamp | -0.0000006 | '1969-12-31 23:59:59.999999Z'",
        "timestamp | 1.5712128e9 | '2019-10-16 08:00:00Z'",
        "timestamp | -210866803200 | '4714-11-24 00:00:00Z BC'",
        "timestamp | 253402300799.999999 | '9999-12-31 23:59:59.999999Z'",
        "timestamp | `\"2019-10-16T08:00:00Z\"` | '2019-10-16 08:00:00Z'",
        "timestamp | `\"2019-10-16t08:00:00z\"` | '2019-10-16 08:00:00Z'",
        "timestamp | `\"2019-10-16 08:00:00+02:00\"` | '2019-10-16 06:00:00Z'",
        "timestamp | `\"2019-10-16T08:00:00-23:59\"` | '2019-10-17 07:59:00Z'",
        "timestamp | `\"2019-10-16T08:00:00.0000015Z\"` | '2019-10-16 08:00:00.000002Z'",
        "timestamp | `\"2016-12-31T23:59:60Z\"` | '2017-01-01 00:00:00Z'",
        "timestamp | `\"2016-12-31T23:59:60.25Z\"` | '2017-01-01 00:00:00.25Z'",
        "timestamp | `\"2020-02-29T00:00:00Z\"` | '2020-02-29 00:00:00Z'",
        "timestamp | `\"0000-01-01T00:00:00Z\"` | '0001-01-01 00:00:00Z BC'",
        "timestamp | `\"9999-12-31T23:59:60-23:59\"` | '10000-01-01 23:59:00Z'",
        "date | `\"2020-02-29\"` | '2020-02-29'",
        "date | `\"0000-01-01\"` | '0001-01-01 BC'",
        "date | `\"9999-12-31\"` | '9999-12-31'",
        "uuid | `\"123E4567-e89b-12D3-a456-426614174000\"` | '123e4567-e89b-12d3-a456-426614174000'",
        "numeric | 1.50 | '1.50'",
        "numeric | `\"-0.00\"` | '0.00'",
        "numeric | -12345.678 | '-12345.678'",
        "numeric | `\"12345678901234567890123456789.10\"` | '12345678901234567890123456789.10'",
        "numeric | 1e131071 | '1e131071'",
        "numeric | 12e-16383 | '12e-16383'",
        "numeric | 0.00001234e3 | '0.01234'",
        "inet | `\"192.0.2.1\"` | '192.0.2.1'",
        "inet | `\"10.0.0.0/8\"` | '10.0.0.0/8'",
        "inet | `\"2001:DB8::1\"` | '2001:db8::1'",
        "inet | `\"::ffff:192.0.2.1/96\"` | '::ffff:192.0.2.1/96'",
        "string[] | `[]` | '{}'",
        "string[] | `[\"a\", null, \"\", \"null\"]` | '{a,NULL,\"\",\"null\"}'",
        "i64[] | [1, -9223372036854775808] | '{1,-9223372036854775808}'",
        "bool[] | [true, false, null] | '{t,f,NULL}'",
        "timestamp[] | `[0, \"2019-10-16T08:00:00Z\"]` | '{1970-01-01 00:00:00Z,2019-10-16 08:00:00Z}'",
        "numeric[] | `[1.50, \"2\"]` | '{1.50,2}'",
        "inet[] | `[\"::1\"]` | '{::1}'",
        "date[] | null | NULL",
        "json | null | NULL",
        "json | `\"x\"` | '\"x\"'",
        "json | `{\"b\":[1.50, -0, 1e2],\"a\":{},\"b\":[null]}` | '{\"a\":{},\"b\":[null]}'",
        "json | `[1e131071, 1e-16383]` | '[1e131071,1e-16383]'"
      })
  void value_isStored(String type, String json, String sql) throws Exception {
    assertEquals(200, post("a", field(type, json)).statusCode());
    assertEquals(
        "1",
        service.query(
            "SELECT count(*) FROM types WHERE \"%s\" IS NOT DISTINCT FROM %s%s"
                .formatted(type, sql, cast(type))));
  }

  private static String cast(String type) {
    return "::" + Objects.requireNonNull(ColumnType.named(type)).sqlName();
  }

  @Test
  void numeric_keepsItsDigits() throws Exception {
    assertEquals(200, post("a", field("numeric", "1.500e1")).statusCode());
    assertEquals("15.00", service.query("SELECT numeric::text FROM types"));
  }

  @Test
  void array_errorPointsToTheElement() throws Exception {
    String body = post("a", field("string[]", "[\"a\", {\"b\": [1]}, 2]")).body();
    assertTrue(body.contains("\"pointer\":\"/events/0/string[]/1\""), body);
    assertTrue(body.contains("string[]/1 of table types must be a string, not an object"), body);
  }

  @Test
  void array_isServedByItsIndex() throws Exception {
    assertEquals(200, post("a", field("string[]", "[\"a\", \"b\"]")).statusCode());
    assertEquals("1", service.query("SELECT count(*) FROM types WHERE \"string[]\" @> '{b}'"));
  }

  @Test
  void minusZero_keepsItsSignAsAFloat() throws Exception {
    assertEquals(200, post("a", "\"f32\":-0.0,\"f64\":-1e-400").statusCode());
    assertEquals("-0-0", service.query("SELECT f32::text || f64 FROM types"));
  }

  @Test
  void json_keepsTheDigitsOfItsNumbers() throws Exception {
    assertEquals(200, post("a", field("json", "[1.50,12345678901234567890.10]")).statusCode());
    assertEquals("[1.50, 12345678901234567890.10]", service.query("SELECT json::text FROM types"));
  }

  @Test
  void json_canBeNestedAsDeepAsABody() throws Exception {
    String deep = "[".repeat(997) + "]".repeat(997);
    assertEquals(200, post("a", field("json", deep)).statusCode());
    assertEquals("1", service.query("SELECT count(*) FROM types WHERE json = '" + deep + "'"));
    assertEquals(400, post("a", field("json", "[" + deep + "]")).statusCode());
  }

  @Test
  void json_isIndexedWhateverItsSize() throws Exception {
    StringBuilder big = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      big.append(i == 0 ? "" : ",")
          .append("\"key")
          .append(i * 7919 % 10_007)
          .append("\":")
          .append(i);
    }
    assertEquals(200, post("a", field("json", "{" + big + "}")).statusCode());
    assertEquals("1", service.query("SELECT count(*) FROM types WHERE json @> '{\"key0\": 0}'"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bool | 1 | type_mismatch",
        "i32 | 2147483648 | out_of_range",
        "i32 | -2147483649 | out_of_range",
        "i32 | 1.0 | type_mismatch",
        "i32 | 1e2 | type_mismatch",
        "i32 | -0.0 | type_mismatch",
        "i64 | 9223372036854775808 | out_of_range",
        "i64 | -9223372036854775809 | out_of_range",
        "i64 | 1.0 | type_mismatch",
        "f32 | 3.4028235677973367e38 | out_of_range",
        "f32 | 1e400 | out_of_range",
        "f64 | 1.797693134862315808e308 | out_of_range",
        "f64 | -1e400 | out_of_range",
        "f64 | `\"1\"` | type_mismatch",
        "string | 1 | type_mismatch",
        "string | `\"a\\u0000\"` | invalid_string",
        "string | `\"\\ud800\"` | invalid_string",
        "string | `\"\\ude00\\ud83d\"` | invalid_string",
        "timestamp | -210866803200.000001 | out_of_range",
        "timestamp | 253402300800 | out_of_range",
        "timestamp | 1571212800123 | out_of_range",
        "timestamp | 1e400 | out_of_range",
        "timestamp | `\"2020-02-30T00:00:00Z\"` | invalid_timestamp",
        "timestamp | `\"2019-02-29T00:00:00Z\"` | invalid_timestamp",
        "timestamp | `\"2019-10-16T24:00:00Z\"` | invalid_timestamp",
        "timestamp | `\"2019-10-16T08:00:00\"` | invalid_timestamp",
        "timestamp | `\"2019-10-16T08:00:61Z\"` | invalid_timestamp",
        "timestamp | `\"1571212800\"` | invalid_timestamp",
        "date | `\"2019-02-29\"` | invalid_date",
        "date | `\"2019-10-16T00:00:00Z\"` | invalid_date",
        "date | 0 | type_mismatch",
        "uuid | `\"123e4567e89b12d3a456426614174000\"` | type_mismatch",
        "numeric | true | type_mismatch",
        "numeric | 1e131072 | out_of_range",
        "numeric | 1e-16384 | out_of_range",
        "numeric | `\"1e131072\"` | out_of_range",
        "numeric | `\" 1\"` | invalid_number",
        "numeric | `\"+1\"` | invalid_number",
        "numeric | `\"01\"` | invalid_number",
        "numeric | `\"NaN\"` | invalid_number",
        "numeric | `\"\"` | invalid_number",
        "inet | 1 | type_mismatch",
        "inet | `\"192.0.2.256\"` | invalid_address",
        "inet | `\"192.0.2\"` | invalid_address",
        "inet | `\"192.0.2.1/33\"` | invalid_address",
        "inet | `\"fe80::1%eth0\"` | invalid_address",
        "inet | `\"localhost\"` | invalid_address",
        "string[] | `\"a\"` | type_mismatch",
        "string[] | `[\"a\", 1]` | type_mismatch",
        "i64[] | [[1]] | type_mismatch",
        "timestamp[] | `[\"yesterday\"]` | invalid_timestamp",
        "i32[] | [2147483648] | out_of_range",
        "json | 1e131072 | out_of_range",
        "json | 1e-16384 | out_of_range",
        "json | `{\"\\u0000\":1}` | invalid_string",
        "json | `[\"\\ud800\"]` | invalid_string"
      })
  void value_isRefused(String type, String json, String code) throws Exception {
    HttpResponse<String> answer = post("a", field(type, json));
    assertEquals(400, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("\"code\":\"" + code + "\""), answer.body());
    boolean refusedLeniently = type.equals("timestamp") || type.equals("date");
    refusedLeniently &= code.startsWith("invalid_");
    assertEquals(refusedLeniently ? 400 : 200, post("lenient", field(type, json)).statusCode());
    assertEquals(
        refusedLeniently ? "0" : "1",
        service.query("SELECT count(*) FROM types WHERE \"" + type + "\" IS NULL"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"\\ud800\":1 | /events/0/\uFFFD",
        "\"\\u0000x\":1 | /events/0/\\u0000x",
        "\"a/b~c\\\"\":1 | /events/0/a~1b~0c\\\"",
        "\"ü€\":1 | /events/0/ü€"
      })
  void unusualFieldName_isReportedOrIgnored(String field, String pointer) throws Exception {
    HttpResponse<String> answer = post("a", field);
    assertEquals(400, answer.statusCode());
    assertTrue(answer.body().contains("\"pointer\":\"" + pointer + "\""), answer.body());
    assertEquals(200, post("lenient", field).statusCode());
  }
}
