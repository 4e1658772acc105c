package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.Column;
import attolytics.schema.EpochUnit;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Source;
import attolytics.schema.StringType;
import attolytics.schema.Table;
import attolytics.schema.TimestampType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Columns: types, indexes, headers, and the keys that restrict or fill them. */
class ColumnReaderTest extends SchemaFileFixture {
  @ParameterizedTest
  @ValueSource(strings = {"_t", "ctid", "xmin", "tableoid"})
  void read_reservedColumn(String name) {
    assertColumnProblem("{name: " + name + "}", "a column cannot be called `" + name + "`");
  }

  @ParameterizedTest
  @CsvSource({
    "strng, string",
    "String, string",
    "i6, i64",
    "timestmap, timestamp",
    "boool, bool",
    "jsonb, json",
    "UUID, uuid",
    "dat, date"
  })
  void read_misspeltType_suggestsTheRightOne(String misspelt, String right) {
    assertColumnProblem(
        "{name: x, type: " + misspelt + "}",
        "unknown type `" + misspelt + "`; did you mean `" + right + "`?");
  }

  @ParameterizedTest
  @CsvSource({
    "yes, write true",
    "on, write true",
    "1, write true",
    "no, write false",
    "0, write false",
    "'''true''', write true without quotes",
    "'\"false\"', write false without quotes",
    "maybe, expected true or false",
    "[true], expected true or false",
    "'', expected true or false"
  })
  void read_invalidBoolean(String value, String advice) {
    String orBrin = advice.replace("true or false", "true, false or brin");
    assertColumnProblem("{name: x, indexed: " + value + "}", "; " + orBrin);
    assertColumnProblem("{name: x, required: " + value + "}", "; " + advice);
  }

  @ParameterizedTest
  @CsvSource({"true, DEFAULT", "false, NONE", "brin, BRIN", "'\"brin\"', BRIN"})
  void read_indexed(String value, Index index) throws SchemaException {
    String column = "{name: x, type: timestamp, indexed: " + value + "}";
    Schema schema =
        read("tables: {t: {columns: [" + column + "]}}\napps: {a: {secret_key: s, tables: [t]}}");

    assertEquals(index, schema.tables().get(0).columns().get(0).index());
  }

  @ParameterizedTest
  @ValueSource(strings = {"btree", "gin", "BRIN", "brn", "!brin brin"})
  void read_invalidIndexed(String value) {
    assertColumnProblem("{name: x, indexed: " + value + "}", "; expected true, false or brin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bool", "json"})
  void read_brin_typeWithoutSupport_isRefused(String type) {
    assertColumnProblem(
        "{name: x, type: " + type + ", indexed: brin}",
        "column `x`: indexed is brin, which PostgreSQL does not support for the type "
            + type
            + "; write true or false");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STRING")
  void read_header_ofAnotherType_isRefused(ScalarType columnType) {
    String type = columnType.schemaName();
    assertColumnProblem(
        "{name: x, header: X-Y, type: " + type + "}",
        "column `x` has `header`, but is of type " + type + "; only a string column can have one");
  }

  @Test
  void read_header_invalidName_isRefused() {
    assertColumnProblem("{name: x, header: ''}", "header is empty");
    assertColumnProblem("{name: x, header: 'X Y'}", "`X Y` is not a valid name of an HTTP header");
    assertColumnProblem("{name: x, header: 'X:'}", "`X:` is not a valid name of an HTTP header");
  }

  @Test
  void read_fieldDefaultAndRestrictions() throws Exception {
    Table table =
        read("""
                tables:
                  events:
                    columns:
                    - {name: user_id, field: userId, default: 007}
                    - {name: kind, values: [a, 1, true], max_length: 4, default: a}
                    - {name: at, type: timestamp, unit: ms, default: 1500}
                    - {name: n, type: "i32[]", default: [1, ~]}
                    - {name: ok, type: bool, default: True}
                    - {name: price, type: numeric, default: "1.50"}
                    - {name: ip, type: inet, source: client_ip}
                    - {name: rest, type: json, rest: true}
                """
                + APPS)
            .tables()
            .get(0);

    assertEquals(
        List.of("userId", "kind", "at", "n", "ok", "price", "ip", ""),
        table.columns().stream().map(Column::field).toList());
    assertEquals(
        List.of(
            "'007'",
            "'a'",
            "'1970-01-01 00:00:01.500000+00 AD'",
            "'{\"1\",NULL}'",
            "'true'",
            "'1.50'",
            "null",
            "null"),
        table.columns().stream()
            .map(Column::defaultValue)
            .map(value -> value == null ? "null" : value.sql())
            .toList());
    assertEquals(new StringType(4, List.of("a", "1", "true")), table.columns().get(1).type());
    assertEquals(new TimestampType(EpochUnit.MS), table.columns().get(2).type());
    assertEquals("VARCHAR(4)", table.columns().get(1).type().sqlName());
    assertEquals(Source.CLIENT_IP, table.columns().get(6).source());
    assertTrue(table.columns().get(7).rest());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{name: x, field: _t} | field cannot be `_t`, which names the table of an event",
        "{name: x, field: ''} | column `x`: field is empty",
        "{name: x, type: i32, default: a} | column `x`: default must be an integer",
        "{name: x, type: i32, default: 1.5} | column `x`: default must be an integer",
        "{name: x, type: i32, default: 0x10} | column `x`: default must be an integer",
        "{name: x, type: i32, default: 2147483648} | must be an integer in the range of INT4",
        "{name: x, type: bool, default: 'true'} | column `x`: default must be true or false",
        "{name: x, type: json, default: 1} | column `x`: a json column cannot have a default",
        "{name: x, type: date, default: 2026-13-01} | column `x`: default must be a date such as",
        "{name: x, default: } | column `x`: default must be a string",
        "{name: x, default: [a]} | column `x`: default must be a string",
        "{name: x, type: 'i32[]', default: 1} | column `x`: default must be an array",
        "{name: x, values: [a], default: b} | column `x`: default must be one of \"a\"",
        "{name: x, max_length: 1, default: ab} | column `x`: default must have at most 1 character",
        "{name: x, values: []} | column `x`: values is empty, expected at least one",
        "{name: x, values: [a, a]} | value `a` is already defined on line 5",
        "{name: x, values: [abc], max_length: 2} | is longer than max_length, 2",
        "{name: x, values: [[a]]} | a value of column `x` must be a string, but is a list",
        "{name: x, type: i32, values: [a]} | values requires the type string, but the type is i32",
        "{name: x, max_length: 0} | max_length must be an integer from 1 to 10485760",
        "{name: x, max_length: 10485761} | max_length must be an integer from 1 to 10485760",
        "{name: x, max_length: ten} | max_length must be an integer from 1 to 10485760",
        "{name: x, type: date, max_length: 1} | max_length requires the type string",
        "{name: x, type: timestamp, unit: sec} | unknown unit `sec`, expected one of `s`, `ms`, `us`",
        "{name: x, unit: ms} | unit requires the type timestamp, but the type is string",
        "{name: x, rest: true} | rest requires the type json, but the type is string",
        "{name: x, type: json, rest: true, required: true} | a rest column cannot be required",
        "{name: x, type: json, rest: true, field: y} | rest: true cannot have a field",
        "{name: x, source: ip} | unknown source `ip`, expected one of `received_at`, `client_ip`",
        "{name: x, source: client_id} | unknown source `client_id`; did you mean `client_ip`?",
        "{name: x, source: received_at} | requires the type timestamp, but the type is string",
        "{name: x, type: i32, source: client_ip} | requires the type inet or string",
        "{name: x, source: app_id, header: Y} | cannot have both `header` and `source`",
        "{name: x, source: app_id, default: a} | cannot have both `source` and `default`",
        "{name: x, header: Y, max_length: 1} | cannot have both `header` and `max_length`",
        "{name: x, header: Y, values: [a]} | cannot have both `header` and `values`",
        "{name: x, type: 'json[]'} | unknown type `json[]`, expected one of `bool[]`",
        "{name: x, type: 'strng[]'} | unknown type `strng[]`; did you mean `string[]`?",
        "{name: x, type: int} | unknown type `int`; did you mean `i32`?"
      })
  void read_invalidColumnKey_isRefused(String column, String problem) {
    List<String> problems = problems(TABLES + "      - " + column.strip() + "\n" + APPS);
    assertTrue(problems.size() == 1 && problems.get(0).contains(problem), problems::toString);
  }

  @Test
  void read_sameFieldTwice_isRefused() {
    assertProblems(
        """
        tables:
          events:
            columns:
            - {name: a}
            - {name: b, field: a}
            - {name: r, type: json, rest: true}
            - {name: s, type: json, rest: true}
        """
            + APPS,
        "5:24: field `a` is already defined on line 4",
        "7:35: column `s`: a table can have only one rest column");
  }
}
