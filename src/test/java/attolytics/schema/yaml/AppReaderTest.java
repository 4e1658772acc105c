package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.App;
import attolytics.schema.Validation;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Apps: secret keys, validation, origins and tables. */
class AppReaderTest extends SchemaFileFixture {
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
  void read_appTables() throws Exception {
    String none = TABLES + "apps: {a: {secret_key: s, tables: []}}";
    assertTrue(app(read(none), "a").tables().isEmpty());
    assertProblems(TABLES + "apps: {a: {secret_key: s}}", "5:11: app `a` lacks the key `tables`");
    assertProblems(
        TABLES + "apps: {a: {secret_key: s, tables: [[events]]}}",
        "5:36: a table's name must be a name, but is a list");
  }

  private static String withSecretKey(String value) {
    return TABLES + "apps:\n  a:\n    tables: [events]\n    secret_key: " + value;
  }
}
