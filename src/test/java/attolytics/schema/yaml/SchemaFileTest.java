package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.EpochUnit;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Source;
import attolytics.schema.StringType;
import attolytics.schema.Table;
import attolytics.schema.TimestampType;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaFileTest {
  private static final String TABLES =
      """
      tables:
        events:
          columns:
            - name: platform
      """;

  private static final String APPS =
      """
      apps:
        myapp:
          secret_key: geheim
          tables: [events]
      """;

  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "KEY", "from-environment",
          "EMPTY", "",
          "LF", "a\nb\n",
          "CRLF", "key\r\n",
          "TWO", "key\n\n",
          "BREAK", "\n");

  @TempDir private Path directory;

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

  // Tables and columns

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

  @ParameterizedTest
  @ValueSource(strings = {"_t", "ctid", "xmin", "tableoid"})
  void read_reservedColumn(String name) {
    assertColumnProblem("{name: " + name + "}", "a column cannot be called `" + name + "`");
  }

  @Test
  void read_tooManyColumns() {
    assertProblems(
        "tables: {events: {columns: [" + "x,".repeat(1601) + "]}}\n" + APPS,
        "1:28: table `events` has more than 1600 columns");
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
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "JSON")
  void read_distributeBy(ScalarType type) throws Exception {
    String columns = "{name: x}, {name: y, required: true, type: " + type.schemaName() + "}";
    Table table = read(distributed("y", columns)).tables().get(0);

    assertSame(table.column("y"), table.distributeBy());
    assertNull(read(TABLES + APPS).tables().get(0).distributeBy());
  }

  @Test
  void read_distributeBy_unsuitableColumn_isRefused() {
    String what = "1:29: table `t`: distribute_by";
    String at = what + ": ";
    assertProblems(
        distributed("y", "{name: x}, {name: yy}"), at + "undefined column `y`; did you mean `yy`?");
    assertProblems(distributed("user", "{name: x}"), at + "undefined column `user`, expected `x`");
    assertProblems(
        distributed("x", "{name: x}"),
        at + "column `x` must be `required: true`, as the distribution column cannot be NULL");
    assertProblems(
        distributed("x", "{name: x, type: json, required: true}"),
        at + "column `x` is of type json, which cannot be a distribution column");
    assertProblems(distributed("[x]", "{name: x}"), what + " must be a name, but is a list");
    assertProblems(distributed("''", "{name: x}"), what + " is empty");
  }

  /** Only the problem of the column itself is reported. */
  @Test
  void read_distributeBy_invalidColumn_isReportedOnce() {
    assertProblems(
        distributed("x", "{name: x, type: json5, required: true}"),
        "1:58: unknown type `json5`; did you mean `json`?");
  }

  @Test
  void read_schema() throws Exception {
    assertEquals("Game \"A\"", read(inSchema("'Game \"A\"'")).tables().get(0).schema());
    assertEquals("2024", read(inSchema("2024")).tables().get(0).schema());
    assertNull(read(TABLES + APPS).tables().get(0).schema());
  }

  @Test
  void read_unsuitableSchema_isRefused() {
    String at = "1:22: table `t`: ";
    assertProblems(inSchema("[a]"), at + "schema must be a name, but is a list");
    assertProblems(inSchema("''"), at + "schema is empty");
    assertProblems(inSchema("null"), at + "schema is null; put it in quotes if it is a name");
    assertProblems(inSchema("pg_games"), at + "the schema `pg_games` is reserved for PostgreSQL");
    assertProblems(
        inSchema("information_schema"),
        at + "the schema `information_schema` is reserved for PostgreSQL");
    assertProblems(
        inSchema("s".repeat(64)),
        at + "schema has 64 bytes in UTF-8; the maximum of PostgreSQL is 63");
    assertProblems(
        "tables: {t: {shema: a, columns: [{name: x}]}}\napps: {a: {secret_key: s, tables: [t]}}",
        "1:14: unknown key `shema`; did you mean `schema`?");
  }

  /** An event names a table without its schema. */
  @Test
  void read_sameNameInTwoSchemas_isRefused() {
    assertProblems(
        "tables: {t: {schema: a, columns: [{name: x}]}, t: {schema: b, columns: [{name: x}]}}\n"
            + "apps: {a: {secret_key: s, tables: [t]}}",
        "1:48: key `t` is already defined on line 1");
  }

  private static String inSchema(String name) {
    return "tables: {t: {schema: %s, columns: [{name: x}]}}\napps: {a: {secret_key: s, tables: [t]}}"
        .formatted(name);
  }

  private static String distributed(String by, String columns) {
    return "tables: {t: {distribute_by: %s, columns: [%s]}}\napps: {a: {secret_key: s, tables: [t]}}"
        .formatted(by, columns);
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

  // Keys of columns

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
        "{name: x, max_length: 1, default: ab} | column `x`: default must have at most 1 characters",
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

  // Apps

  @Test
  void read_secretKeys_listAndEnvironment() throws Exception {
    App app = app(read(withSecretKey("[one, 'env:KEY', \"12\"]")), "a");

    assertTrue(app.accepts("one"));
    assertTrue(app.accepts("from-environment"));
    assertTrue(app.accepts("12"));
    assertFalse(app.accepts("env:KEY"));
    assertFalse(app.accepts(""));
    assertTrue(app(read(withSecretKey("env:KEY")), "a").accepts("from-environment"));
    assertTrue(app(read(withSecretKey("${KEY}")), "a").accepts("${KEY}"));
  }

  /** {@code echo key > file} appends one. */
  @ParameterizedTest
  @CsvSource({"LF, 'a\nb'", "CRLF, key", "TWO, 'key\n'"})
  void secretKey_fromEnvironment_dropsTrailingLineBreak(String variable, String key)
      throws SchemaException {
    App app = app(read(withSecretKey("env:" + variable)), "a");
    assertTrue(app.accepts(key));
    assertFalse(app.accepts(key + "\n"));
  }

  /** Attolytics did the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "12345",
        "0012",
        "1_000",
        "1.50",
        "1e3",
        "0x1F",
        "0o17",
        "true",
        "No",
        "2020-01-01"
      })
  void read_unquotedSecretKey_isItsText(String key) throws Exception {
    assertTrue(app(read(withSecretKey(key)), "a").accepts(key));
    assertTrue(app(read(withSecretKey("[x, " + key + "]")), "a").accepts(key));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "       | secret_key is empty",
        "~      | secret_key is null; put it in quotes if it is a name",
        "null   | secret_key is null; put it in quotes if it is a name",
        "''     | is empty",
        "{a: b} | but is a map",
        "[]     | is an empty list",
        "[x, '']  | is empty",
        "[x, ~]  | secret_key is null",
        "[['x']] | but is a list",
        "env:NONE | the environment variable `NONE` is not set",
        "[x, 'env:NONE'] | the environment variable `NONE` is not set",
        "env:EMPTY | the environment variable `EMPTY` is empty",
        "env:BREAK | the environment variable `BREAK` is empty",
        "'''env:''' | the environment variable `` is not set",
        "!x y   | must be quoted",
        "'\"\\ud800\"' | contains an unpaired surrogate",
      })
  void read_invalidSecretKey(@Nullable String value, String problem) {
    List<String> problems = problems(withSecretKey(value == null ? "" : value));

    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.get(0).contains(problem), problems.get(0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{424242: x}",
        "{x: 424242}",
        "*424242",
        "!424242 x",
        "!424242!x y",
        "!!424242 x",
        "'424242",
        "\"424242\\q\"",
        "\"\\u4242",
        "\"\\u424 42\"",
        "\"\\U42424242\"",
        "\"424242\\0\"",
        "@424242",
        "`424242`",
        "|424242",
        "424242: 424242",
        "[424242",
        "'424242' 424242",
        "!<424242",
        "- 424242",
        "\n 424242\n 424242: x",
        "&424242",
        "[424242, *a]",
      })
  void read_secretKey_isNeverQuoted(String value) {
    for (String problem : problems(withSecretKey(value))) {
      assertFalse(problem.contains("4242"), problem);
    }
  }

  @Test
  void read_lenient() throws Exception {
    assertEquals(Validation.LENIENT, app(read(withApp("validation: lenient")), "a").validation());
    assertEquals(Validation.STRICT, app(read(withApp("validation: strict")), "a").validation());
    assertAppProblem(
        "invalid_events: quarantin",
        "unknown invalid_events `quarantin`; did you mean `quarantine`?");
    assertAppProblem(
        "invalid_events: drop", "unknown invalid_events `drop`, expected one of `refuse`,");
    assertAppProblem("validation: lenien", "unknown validation `lenien`; did you mean `lenient`?");
    assertAppProblem("validation: none", ", expected one of `strict`, `lenient`");
    assertAppProblem("validation: false", "unknown validation `false`, expected one of `strict`,");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "null",
        "http://example.com",
        "https://example.com:8080",
        "http://localhost",
        "http://[::1]:3000",
        "http://a_b.example",
        "http://example.com:443",
        "capacitor://localhost",
        "chrome-extension://abcdefg"
      })
  void read_origin(String origin) throws Exception {
    String yaml = withApp("access_control_allow_origin: '" + origin + "'");

    assertEquals(Set.of(origin), app(read(yaml), "a").allowedOrigins());
  }

  /** Attolytics compared them as URLs. */
  @ParameterizedTest
  @CsvSource({
    "http://example.com/, http://example.com",
    "HTTPS://Example.com, https://example.com",
    "http://example.com:80, http://example.com",
    "https://example.com:443/, https://example.com",
    "https://example.com:/, https://example.com",
    "https://example.com:80, https://example.com:80",
    "http://[::1]:80/, http://[::1]",
    "http://bücher.example:8080, http://xn--bcher-kva.example:8080"
  })
  void read_origin_isNormalizedAsBrowsersSendIt(String origin, String sent) throws Exception {
    String yaml = withApp("access_control_allow_origin: '" + origin + "'");

    assertEquals(Set.of(sent), app(read(yaml), "a").allowedOrigins());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.com",
        "localhost:3000",
        "http://*.example.com",
        "http://a.com http://b.com",
        "http://me@example.com",
        "https://example.com/app",
        "https://example.com?x",
        "https://example.com#y",
        "http://-.." + ".example",
        "http://",
        "//example.com"
      })
  void read_invalidOrigin(String origin) {
    assertAppProblem(
        "access_control_allow_origin: '" + origin + "'",
        "must be `*` or like `https://example.com`, without a path");
  }

  @Test
  void read_originList() throws Exception {
    String yaml =
        TABLES + "apps: {a: {secret_key: s, tables: [events], access_control_allow_origin: %s}}";

    assertEquals(
        Set.of("https://a.example", "null", "http://b.example:8080"),
        app(read(yaml.formatted("['https://A.example/', 'null', 'http://b.example:8080']")), "a")
            .allowedOrigins());
    assertTrue(app(read(yaml.formatted("['*']")), "a").allowsOrigin("https://any.example"));
    for (String problem :
        List.of(
            "[] | is an empty list; remove the key",
            "['*', 'https://a.example'] | `*` allows any origin and cannot be combined",
            "['https://a.example/path'] | without a path, but is `https://a.example/path`",
            "[{a: b}] | must be a string, but is a map")) {
      String[] parts = problem.split(" \\| ", -1);
      List<String> problems = problems(yaml.formatted(parts[0]));
      assertTrue(problems.size() == 1 && problems.get(0).contains(parts[1]), problems::toString);
    }
  }

  @Test
  void read_appTables() {
    assertProblems(
        TABLES + "apps: {a: {secret_key: s, tables: []}}", "5:35: app `a` has no tables");
    assertProblems(TABLES + "apps: {a: {secret_key: s}}", "5:11: app `a` lacks the key `tables`");
    assertProblems(
        TABLES + "apps: {a: {secret_key: s, tables: [[events]]}}",
        "5:36: a table's name must be a name, but is a list");
  }

  @Test
  void read_tableWithProblems_isStillDefined() {
    assertProblems(
        "tables: {events: {columns: []}}\n" + APPS, "1:28: table `events` has no columns");
  }

  // Aliases and merge keys

  @ParameterizedTest
  @ValueSource(strings = {"<<: *a", "<<: [*a]", "? <<\n : *a", "!!merge x: *a", "<<: x"})
  void read_mergeKeys_areRefused(String merge) {
    String problem = problems("tables: &a\n " + merge + "\n" + APPS).get(0);

    assertTrue(problem.startsWith("2:"), problem);
    assertTrue(problem.contains("merge keys (`<<`) are not supported; repeat the keys"), problem);
  }

  @Test
  void read_quotedMergeKey_isAName() throws Exception {
    assertEquals(
        "<<",
        read("tables: {'<<': {columns: [{name: x}]}}\n" + APPS.replace("events", "'<<'"))
            .tables()
            .get(0)
            .name());
  }

  @Test
  void read_aliases() throws Exception {
    Schema schema =
        read(
            """
            tables:
              a: {columns: [&id {name: id, type: i64}, {name: x}]}
              b: {columns: [{name: y}, *id]}
              c: &c {columns: &columns [{name: z}]}
              d: *c
              e: {columns: *columns}
            apps:
              a: {secret_key: &key s, tables: &tables [a, e]}
              b: {secret_key: *key, tables: *tables}
            """);

    assertEquals(
        new Column("id", ScalarType.I64, null, Index.NONE, false, 1),
        schema.tables().get(1).columns().get(1));
    assertEquals("z", schema.tables().get(4).columns().get(0).name());
    assertTrue(app(schema, "b").accepts("s"));
  }

  @Test
  void read_aliasedProblem_isReportedOnce() {
    assertProblems(
        "tables:\n a: &a {columns: [{name: x, typ: y}]}\n b: {columns: []}\n events: *a\n" + APPS,
        "2:29: unknown key `typ`; did you mean `type`?",
        "3:15: table `b` has no columns");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "&x {tables: *x, apps: *x}",
        "tables: &x {events: {columns: [*x]}}",
        "tables: {events: &x {columns: &y [*y, *x]}}",
        "tables: {events: {columns: [&x {name: *x, type: *x, header: *x, indexed: *x}]}}",
        "apps: &x {a: *x}",
        "apps: {a: &x {secret_key: &y [*y, *x], tables: *y}}",
        "&x *x",
        "&x {<<: *x}",
        "tables: &x {<<: *x}",
        "tables: {events: &x {<<: [*x, *x]}}",
        "tables: {<<: x}",
        "tables: {<<: [x]}",
        "&x ? *x\n: y"
      })
  void read_recursion(String yaml) {
    assertFalse(problems(yaml).isEmpty());
  }

  @Test
  void read_tooManyAliases() {
    String yaml = "tables: {a: &a {columns: [{name: x}]}, " + "b: *a, ".repeat(2000) + "}\n" + APPS;

    assertTrue(problems(yaml).get(0).contains("not valid YAML: Number of aliases"));
  }

  // Helpers

  private Path file(String yaml) {
    try {
      return Files.writeString(directory.resolve("s.yaml"), yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Schema read(String yaml) throws SchemaException {
    return SchemaFile.read(file(yaml), ENVIRONMENT);
  }

  private static App app(Schema schema, String id) {
    App app = schema.apps().get(id);
    assertNotNull(app);
    return app;
  }

  /** The problems, without the file's name. */
  private List<String> problems(String yaml) {
    Path file = file(yaml);
    return problemsOf(file).stream()
        .map(
            problem -> {
              assertTrue(problem.startsWith(file + ":"), problem);
              return problem.substring(file.toString().length() + 1);
            })
        .toList();
  }

  private static List<String> problemsOf(Path file) {
    SchemaException e =
        assertThrows(SchemaException.class, () -> SchemaFile.read(file, ENVIRONMENT));
    return e.problems();
  }

  private void assertProblems(String yaml, String... expected) {
    assertEquals(String.join("\n", expected), String.join("\n", problems(yaml)));
  }

  private String columnProblem(String column) {
    String yaml =
        "tables: {t: {columns: [" + column + "]}}\napps: {a: {secret_key: s, tables: [t]}}";
    List<String> problems = problems(yaml);
    assertEquals(1, problems.size(), problems::toString);
    return problems.get(0);
  }

  private void assertColumnProblem(String column, String expected) {
    String problem = columnProblem(column);
    assertTrue(problem.contains(expected), problem);
  }

  private void assertAppProblem(String field, String expected) {
    List<String> problems = problems(withApp(field));
    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.get(0).contains(expected), problems.get(0));
  }

  private static String withApp(String field) {
    return TABLES + "apps:\n  a:\n    secret_key: s\n    tables: [events]\n    " + field;
  }

  private static String withSecretKey(String value) {
    return TABLES + "apps:\n  a:\n    tables: [events]\n    secret_key: " + value;
  }

  private static String allTypes() {
    return Stream.of(ScalarType.values())
        .map(type -> "`" + type.schemaName() + "`")
        .collect(Collectors.joining(", "));
  }
}
