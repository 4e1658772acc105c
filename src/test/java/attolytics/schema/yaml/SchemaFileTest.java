package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file as a whole: its encoding, its syntax, its keys and names. */
class SchemaFileTest extends SchemaFileFixture {
  // The whole file

  @Test
  void read_theExample() throws SchemaException {
    Schema schema = SchemaFile.read(Path.of("schema-example.conf.yaml"), Map.of());

    assertNull(schema.databaseUrl());
    Table events = schema.tables().get(0);
    assertEquals(1, schema.tables().size());
    assertEquals("events", events.name());
    assertEquals(0, events.ordinal());
    assertEquals(
        List.of(
            new Column("time", ScalarType.TIMESTAMP, null, Index.DEFAULT, false, 0),
            new Column("referer", ScalarType.STRING, "Referer", Index.NONE, false, 1),
            new Column("platform", ScalarType.STRING, null, Index.DEFAULT, true, 2),
            new Column("version", ScalarType.STRING, null, Index.DEFAULT, true, 3),
            new Column("user_id", ScalarType.STRING, null, Index.NONE, false, 4),
            new Column("event_type", ScalarType.STRING, null, Index.DEFAULT, true, 5),
            new Column("score", ScalarType.I32, null, Index.NONE, false, 6)),
        events.columns());
    assertEquals(List.of("com.example.myapp"), List.copyOf(schema.apps().keySet()));
    App app = app(schema, "com.example.myapp");
    assertTrue(app.accepts("example-secret-key"));
    assertEquals(Set.of("http://example.com"), app.allowedOrigins());
    assertEquals(Validation.STRICT, app.validation());
    assertSame(events, app.table("events"));
  }

  @Test
  void read_defaults() throws Exception {
    App app = app(read(TABLES + APPS), "myapp");

    assertEquals(Set.of(App.ANY_ORIGIN), app.allowedOrigins());
    assertEquals(Validation.STRICT, app.validation());
    assertNull(read(TABLES + APPS).databaseUrl());
    assertNull(read("database_url:\n" + TABLES + APPS).databaseUrl());
  }

  @Test
  void read_everythingGiven() throws Exception {
    Schema schema =
        read(
            """
            database_url: postgres://me:pw@localhost/db
            tables:
              b: {columns: [{name: x, type: f64, indexed: true, required: True}]}
              a:
                columns:
                - {name: one, header: X-Same}
                - {name: two, header: X-Same, type: string}
            apps:
              "1": {secret_key: s, tables: [a, b], validation: lenient,
                    access_control_allow_origin: "https://example.com:8443"}
              2: {secret_key: s, tables: [b], access_control_allow_origin: "*"}
            """);

    assertEquals("postgres://me:pw@localhost/db", schema.databaseUrl());
    assertEquals(List.of("b", "a"), schema.tables().stream().map(Table::name).toList());
    assertEquals(List.of(0, 1), schema.tables().stream().map(Table::ordinal).toList());
    assertEquals(
        new Column("x", ScalarType.F64, null, Index.DEFAULT, true, 0),
        schema.tables().get(0).columns().get(0));
    assertEquals("X-Same", schema.tables().get(1).columns().get(1).header());
    assertEquals(Validation.LENIENT, app(schema, "1").validation());
    assertEquals(Set.of("https://example.com:8443"), app(schema, "1").allowedOrigins());
    assertNotNull(app(schema, "1").table("b"));
    assertNull(app(schema, "2").table("a"));
  }

  @Test
  void read_reportsAllProblemsInFileOrder() {
    assertProblems(
        """
        apps:
          a:
            secret_key: {x: 1}
            tables: [event, events, events]
          b: {tables: events, secret: x}
        tables:
          events:
            columns:
              - name: x
                typ: i32
                header: Y
              - {name: x, type: whole}
              - {type: i64, header: Z, required: yes}
          attolytics_keys: {columns: []}
        databaseurl: x
        """,
        "3:17: app `a`: secret_key must be a string, but is a map",
        "4:14: undefined table `event`; did you mean `events`?",
        "4:29: table `events` is already defined on line 4",
        "5:6: app `b` lacks the key `secret_key`",
        "5:15: app `b`: tables must be a list (`- item` or `[item]`), but is a string",
        "5:23: unknown key `secret`, expected one of `secret_key`, `access_control_allow_origin`,"
            + " `validation`, `invalid_events`, `tables`",
        "10:9: unknown key `typ`; did you mean `type`?",
        "12:16: column `x` is already defined on line 9",
        "12:25: unknown type `whole`, expected one of " + allTypes(),
        "13:9: a column of table `events` lacks the key `name`",
        "13:29: a column has `header`, but is of type i64; only a string column can have one",
        "13:42: a column: required is a string; write true",
        "14:3: table `attolytics_keys`: names that begin with `attolytics_` are reserved for the service",
        "14:30: table `attolytics_keys` has no columns",
        "15:1: unknown key `databaseurl`; did you mean `database_url`?");
  }

  // The file

  @Test
  void read_missingFile_namesTheOption() {
    Path file = directory.resolve("none.yaml");

    assertEquals(
        List.of(file + ": the schema file does not exist; name another with --schema FILE"),
        problemsOf(file));
  }

  @Test
  void read_directory() {
    assertEquals(
        List.of(directory + ": the schema file is a directory; name another with --schema FILE"),
        problemsOf(directory));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\n", "# nothing\n", "\uFEFF"})
  void read_emptyFile(String text) {
    assertProblems(text, "1:1: the file is empty, expected the keys `tables` and `apps`");
  }

  @ParameterizedTest
  @CsvSource({"~, empty", "text, a string", "[1], a list", "7, a number", "---, empty"})
  void read_fileThatIsNotAMap(String text, String kind) {
    String problem = problems(text).get(0);

    assertTrue(problem.endsWith("the file must be a map (`key: value`), but is " + kind), problem);
  }

  @Test
  void read_hugeFile() throws IOException {
    Path file = directory.resolve("huge.yaml");
    Files.write(file, new byte[5_000_000]);

    assertEquals(
        List.of(
            file + ": the schema file is larger than 1 MiB;" + " name another with --schema FILE"),
        problemsOf(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a: ", "? [", "- "})
  void read_deepNesting(String opening) {
    List<String> problems = problems("tables: \n " + opening.repeat(200_000));

    assertEquals(1, problems.size());
    assertTrue(problems.get(0).contains("nested deeper than 50"), problems.get(0));
  }

  @Test
  void read_invalidUtf8_reportsPosition() throws IOException {
    Path file = directory.resolve("latin1.yaml");
    Files.write(file, "tables:\r\n  gr\u00fc\u00dfe:\r\n".getBytes(StandardCharsets.ISO_8859_1));

    assertEquals(
        List.of(file + ":2:5: invalid UTF-8; save the file in that encoding"), problemsOf(file));
  }

  @Test
  void read_byteOrderMark_isIgnored() throws Exception {
    assertNotNull(read("\uFEFF" + TABLES + APPS));
    assertProblems("\uFEFFx", "1:1: the file must be a map (`key: value`), but is a string");
  }

  @Test
  void read_forbiddenCharacter_reportsPosition() {
    assertProblems("tables:\n  \ud83d\ude00x\u0001: 1\n", "2:5: not valid YAML: invalid character");
  }

  @Test
  void read_syntaxError_reportsPosition() {
    assertProblems(
        TABLES + "apps: [a, b\n",
        "6:1: not valid YAML: while parsing a flow sequence from line 5,"
            + " expected ',' or ']', but got <stream end>");
    assertProblems(
        "a: 'b\n",
        "2:1: not valid YAML: while scanning a quoted scalar from line 1,"
            + " found unexpected end of stream");
    assertProblems("a: b: c", "1:5: not valid YAML: mapping values are not allowed here");
    assertProblems("a: *b", "1:4: not valid YAML: a value that begins with * or ! must be quoted");
    assertProblems(
        "a: 1\n---\nb: 1\n",
        "2:1: not valid YAML: expected a single document in the stream from line 1,"
            + " but found another document");
    String badEscape =
        "not valid YAML: invalid escape sequence; double the backslash, or use single quotes";
    assertProblems("a: \"\\q\"", "1:6: " + badEscape);
    assertProblems("a: \"\\u12\"", "1:7: " + badEscape);
    assertProblems("a: \"\\x", "1:1: " + badEscape);
    assertTrue(problems("a:\n\tb: 1\n").get(0).startsWith("2:1: not valid YAML: "));
    assertTrue(problems("%YAML 3.0\n---\na: 1\n").get(0).startsWith("1:1: not valid YAML: "));
  }

  @Test
  void read_syntaxErrorAtLineBreak_isReportedOnOneLine() {
    List<String> problems = problems("a: &\n");

    assertEquals(1, problems.size());
    assertTrue(
        problems.get(0).contains("not valid YAML: while scanning an anchor"), problems::toString);
    assertEquals(1, problems.get(0).lines().count(), problems::toString);
  }

  @Test
  void read_tab_reportsPosition() {
    assertTrue(
        problems("tables:\n\tevents: x\n").get(0).startsWith("2:1: not valid YAML: "),
        problems("tables:\n\tevents: x\n")::toString);
  }

  // The database

  @Test
  void read_databaseUrl_isCheckedWithTheRest() {
    Path file = file("database_url: mysql://me:geheim@h\ntables: {events: {columns: []}}\n" + APPS);
    Consumer<String> check =
        url -> {
          throw new IllegalArgumentException("no good");
        };

    SchemaException e =
        assertThrows(SchemaException.class, () -> SchemaFile.read(file, ENVIRONMENT, check));

    assertEquals(
        List.of(
            file + ":1:15: database_url: no good", file + ":2:28: table `events` has no columns"),
        e.problems());
  }

  // Keys

  @Test
  void read_topLevelKeysMissing() {
    assertProblems(
        "database_url: x",
        "1:1: the file lacks the key `tables`",
        "1:1: the file lacks the key `apps`");
  }

  @Test
  void read_noTablesOrApps() {
    assertProblems(
        "tables: {}\napps:\n",
        "1:9: tables is empty, expected at least one",
        "2:6: apps must be a map (`key: value`), but is empty");
  }

  @Test
  void read_duplicateKeys_atEveryLevel() {
    assertProblems(
        """
        tables:
          events:
            columns:
              - name: x
                name: y
            columns: []
          events: {columns: [{name: x}]}
        apps:
          a: {secret_key: s, tables: [events], secret_key: t}
          a: {secret_key: s, tables: [events]}
        tables: {}
        """,
        "5:9: key `name` is already defined on line 4",
        "6:5: key `columns` is already defined on line 3",
        "7:3: key `events` is already defined on line 2",
        "9:40: key `secret_key` is already defined on line 9",
        "10:3: key `a` is already defined on line 9",
        "11:1: key `tables` is already defined on line 1");
  }

  @Test
  void read_keyThatIsNotAName() {
    assertProblems(
        "? [a]\n: b\n? {c: d}\n: e\n" + TABLES + APPS,
        "1:3: a key must be a name, but is a list",
        "3:3: a key must be a name, but is a map");
  }

  @Test
  void read_unknownKey_isQuotedOnOneLineAndCut() {
    String problem =
        problems("\"a\\nb\\u0085" + "x".repeat(200) + "\": 1\n" + TABLES + APPS).get(0);

    assertTrue(problem.contains("unknown key `a\\u000ab\\u0085" + "x".repeat(60) + "…`"), problem);
  }

  @ParameterizedTest
  @CsvSource({
    "indxed, indexed",
    "Indexed, indexed",
    "index, indexed",
    "requierd, required",
    "nam, name",
    "Type, type"
  })
  void read_misspeltKey_suggestsTheRightOne(String misspelt, String right) {
    assertColumnProblem(
        "{name: x, " + misspelt + ": y}",
        "unknown key `" + misspelt + "`; did you mean `" + right + "`?");
  }

  // Kinds and names

  @Test
  void read_wrongKinds() {
    assertProblems(
        "tables: [events]\n" + APPS, "1:9: tables must be a map (`key: value`), but is a list");
    assertProblems(
        "tables: {events: }\n" + APPS,
        "1:17: table `events` must be a map (`key: value`), but is empty");
    assertProblems(
        "tables: {events: {columns: {name: x}}}\n" + APPS,
        "1:28: table `events`: columns must be a list (`- item` or `[item]`), but is a map");
    assertProblems("tables: {events: {}}\n" + APPS, "1:18: table `events` lacks the key `columns`");
    assertColumnProblem("x", "a column of table `t` must be a map (`key: value`), but is a string");
    assertColumnProblem("{name: [x]}", "a column's name must be a name, but is a list");
    assertColumnProblem("{name: x, type: }", "unknown type ``, expected one of");
    assertColumnProblem("{name: x, header: X 7}", "`X 7` is not a valid name of an HTTP header");
    assertColumnProblem("{name: x, header: [X]}", "header must be a string, but is a list");
    assertAppProblem("validation: {}", "validation must be a string, but is a map");
    assertAppProblem("access_control_allow_origin: [[]]", "must be a string, but is a list");
    assertProblems(
        TABLES + "apps: {a: x}", "5:11: app `a` must be a map (`key: value`), but is a string");
    assertProblems(
        "database_url: [x]\n" + TABLES + APPS,
        "1:15: database_url must be a string, but is a list");
  }

  @Test
  void read_namesThatLookLikeOtherTypes_areNames() throws Exception {
    Schema schema =
        read(
            """
            tables:
              2024: {columns: [{name: true}, {name: 1.0}, {name: 0x10}, {name: yes}, {name: "null"}]}
            apps:
              true: {secret_key: s, tables: [2024]}
            """);

    Table table = schema.tables().get(0);
    assertEquals("2024", table.name());
    assertEquals(
        List.of("true", "1.0", "0x10", "yes", "null"),
        table.columns().stream().map(Column::name).toList());
    assertSame(table, app(schema, "true").table("2024"));
  }

  @Test
  void read_nameThatIsNull() {
    String problem = "a column's name is null; put it in quotes if it is a name";
    assertColumnProblem("{name: null}", problem);
    assertColumnProblem("{name: ~}", problem);
  }

  @Test
  void read_emptyNames() {
    assertProblems(
        """
        tables:
          "": {columns: [{name: }, {name: ''}]}
        apps:
          '': {secret_key: s, tables: ['']}
        """,
        "2:3: a table's name is empty",
        "2:24: a column's name is empty",
        "2:35: a column's name is empty",
        "4:3: an app's id is empty",
        "4:32: a table's name is empty");
  }

  @Test
  void read_nameLongerThan63Bytes_isRefused() throws Exception {
    String longest = "ü".repeat(31) + "x";
    String yaml = "tables: {%s: {columns: [{name: %s}]}}\n" + APPS.replace("events", "%s");

    assertEquals(longest, read(yaml.formatted(longest, longest, longest)).tables().get(0).name());
    String tooLong = longest + "y";
    assertProblems(
        yaml.formatted(tooLong, tooLong, tooLong),
        "1:10: a table's name has 64 bytes in UTF-8; the maximum of PostgreSQL is 63",
        "1:63: a column's name has 64 bytes in UTF-8; the maximum of PostgreSQL is 63");
  }

  @Test
  void read_namesThatPostgresCannotStore() {
    assertColumnProblem("{name: \"a\\0b\"}", "a column's name contains U+0000");
    assertColumnProblem("{name: \"\\ud800\"}", "a column's name contains an unpaired surrogate");
    assertProblems(
        TABLES + "apps: {\"\\0\": {secret_key: s, tables: [events]}}",
        "5:8: an app's id contains U+0000, which PostgreSQL cannot store");
  }

  private static String allTypes() {
    return Stream.of(ScalarType.values())
        .map(type -> "`" + type.schemaName() + "`")
        .collect(Collectors.joining(", "));
  }
}
