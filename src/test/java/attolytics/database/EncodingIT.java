package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.app.CommandResult;
import attolytics.app.RunningService;
import attolytics.database.migration.DatabaseTables;
import attolytics.schema.Schema;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Databases whose encoding is not UTF8. */
@Timeout(120)
class EncodingIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: s}
            - {name: j, type: json}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;
  private static final String LENIENT_SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: id, required: true}
            - {name: s, max_length: 2}
            - {name: agent, header: User-Agent}
          deduplicate_by: id
      apps:
        a: {secret_key: sesame, tables: [t], invalid_events: quarantine}
      """;

  /** Invalid for the length of s, or for their names; with what LATIN1 and EUC_JP do not have. */
  private static final List<String> FOREIGN =
      List.of(
          "{\"_t\":\"t\",\"id\":\"1\",\"s\":\"é€\\ud83d\\ude00\"}",
          "{\"_t\":\"t\",\"id\":\"€😀\",\"s\":\"long\"}",
          "{\"_t\":\"t\",\"id\":\"2\",\"€😀\":1}",
          "{\"_t\":\"€😀\"}");

  private @Nullable TestDatabase database;

  @AfterEach
  void drop() throws SQLException {
    if (database != null) {
      database.close();
    }
  }

  private RunningService start(String encoding) throws Exception {
    return start(encoding, SCHEMA);
  }

  private RunningService start(String encoding, String schema, String... options) throws Exception {
    TestDatabase created =
        TestDatabase.create(
            "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING '" + encoding + "'");
    database = created;
    return RunningService.start(created, schema, options);
  }

  private static HttpResponse<String> post(RunningService service, String s, String j)
      throws Exception {
    return service.post("{\"_t\":\"t\",\"s\":\"%s\",\"j\":%s}".formatted(s, j));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\u65e5\\uD83D\\uDE00", "日😀"})
  void sqlAscii_takesAllCharactersHoweverTheyAreWritten(String text) throws Exception {
    try (RunningService service = start("SQL_ASCII")) {
      HttpResponse<String> answer = post(service, text, "{\"%s\": \"%s\"}".formatted(text, text));
      assertEquals(200, answer.statusCode(), answer.body());
      assertEquals("日😀", service.query("SELECT s FROM t"));
      assertEquals("{\"日😀\": \"日😀\"}", service.query("SELECT j FROM t"));
    }
  }

  @Test
  void latin1_refusesWhatItDoesNotHave_andThatAlone() throws Exception {
    try (RunningService service = start("LATIN1")) {
      assertEquals(200, post(service, "é", "\"\\u00e9 é\"").statusCode());
      for (String foreign : List.of("日", "\\u65e5")) {
        assertEquals(400, post(service, foreign, "1").statusCode());
        assertEquals(400, post(service, "a", "[\"" + foreign + "\"]").statusCode());
      }
      assertEquals("é \"é é\"", service.query("SELECT s || ' ' || j FROM t"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF8", "SQL_ASCII", "LATIN1", "EUC_JP"})
  void invalidEvents_arePutIntoQuarantineWhateverTheirCharacters(String encoding) throws Exception {
    try (RunningService service = start(encoding, LENIENT_SCHEMA)) {
      String events = String.join(",", FOREIGN) + ",{\"_t\":\"t\",\"id\":\"4\"}";
      HttpResponse<String> answer = service.post("key", events);
      assertEquals(200, answer.statusCode(), answer.body());
      assertTrue(answer.body().contains("\"stored\":1,\"duplicates\":0,\"quarantined\":4"));
      HttpResponse<String> repeat = service.post("key", events);
      assertEquals(answer.body(), repeat.body());
      assertEquals(200, repeat.statusCode());
      assertEquals("4", service.query("SELECT count(*) FROM attolytics_quarantine"));
      String first = service.query("SELECT event FROM attolytics_quarantine WHERE id = 1");
      boolean isUnicode = encoding.equals("UTF8") || encoding.equals("SQL_ASCII");
      assertEquals(isUnicode ? FOREIGN.get(0) : escaped(FOREIGN.get(0)), first);
      String name = service.query("SELECT pointer FROM attolytics_quarantine WHERE id = 3");
      assertEquals(isUnicode ? "/€😀" : "/\\u20ac\\ud83d\\ude00", name);
    }
  }

  /** EUC_JP has one form for U+00A6 and U+FFE4, and gives it back as the latter. */
  @Test
  void eucJp_refusesAKeyThatItDoesNotKeep_andNoOther() throws Exception {
    try (RunningService service = start("EUC_JP", SCHEMA, "--ack_timeout=10s")) {
      String event = "{\"_t\":\"t\"}";
      String body = "{\"secret_key\":\"sesame\",\"events\":[" + event + "]}";
      String request =
          "POST /apps/a/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Idempotency-Key: a\u00a6b\r\nContent-Length: "
              + body.length()
              + "\r\nConnection: close\r\n\r\n"
              + body;
      assertTrue(service.raw(request, false).startsWith("HTTP/1.1 400 "));
      assertEquals(200, service.post("key", event).statusCode());
      assertEquals("1", service.query("SELECT count(*) FROM t"));
    }
  }

  private static String escaped(String event) {
    return event.replace("é", "\\u00e9").replace("€", "\\u20ac");
  }

  @Test
  void latin1_quarantinesRowsThatItRefuses_andReplaysWhatItHas() throws Exception {
    try (RunningService service = start("LATIN1", LENIENT_SCHEMA)) {
      HttpResponse<String> answer =
          service.post(
              "{\"_t\":\"t\",\"id\":\"€\"},{\"_t\":\"t\",\"id\":\"é\"},"
                  + "{\"_t\":\"t\",\"id\":\"è\",\"s\":\"long\"},"
                  + "{\"_t\":\"t\",\"id\":\"é\",\"s\":\"long\"}");
      assertEquals(200, answer.statusCode(), answer.body());
      assertTrue(
          answer.body().contains("\"stored\":1,\"duplicates\":0,\"quarantined\":3"), answer.body());
      service.execute("ALTER TABLE t ALTER s TYPE VARCHAR(5)");
      CommandResult replay =
          replay(service, LENIENT_SCHEMA.replace("max_length: 2", "max_length: 5"));
      assertEquals(3, replay.exitCode(), replay.err());
      assertEquals("stored: 1\nduplicates: 1\nleft: 1\n  refused_by_database: 1\n", replay.out());
      assertEquals("è,é", service.query("SELECT string_agg(id, ',' ORDER BY id) FROM t"));
    }
  }

  /** The COPY that fails is one to a temporary table, as rows have repeated before. */
  @Test
  void latin1_quarantinesTheRowThatItRefuses_whereRowsAreMerged() throws Exception {
    try (RunningService service = start("LATIN1", LENIENT_SCHEMA, "--writers=1")) {
      assertEquals(200, service.post("{\"_t\":\"t\",\"id\":\"1\"}").statusCode());
      assertEquals(200, service.post("{\"_t\":\"t\",\"id\":\"1\"}").statusCode());
      HttpResponse<String> answer =
          service.post("{\"_t\":\"t\",\"id\":\"2\"},{\"_t\":\"t\",\"id\":\"€\"}");
      assertEquals(200, answer.statusCode(), answer.body());
      assertTrue(
          answer.body().contains("\"stored\":1,\"duplicates\":0,\"quarantined\":1"), answer.body());
      assertEquals("1,2", service.query("SELECT string_agg(id, ',' ORDER BY id) FROM t"));
    }
  }

  @Test
  void latin1_replaySelectsByTable_andNotesReasonsWithForeignCharacters() throws Exception {
    try (RunningService service = start("LATIN1", LENIENT_SCHEMA)) {
      HttpResponse<String> answer =
          service.post(
              "{\"_t\":\"é\",\"id\":\"è\"},{\"_t\":\"t\",\"id\":\"1\",\"s\":\"long\",\"😀\":1}");
      assertEquals(200, answer.statusCode(), answer.body());
      service.execute("CREATE TABLE é (id VARCHAR); ALTER TABLE t ALTER s TYPE VARCHAR(5)");
      String mended =
          LENIENT_SCHEMA
              .replace("max_length: 2", "max_length: 5")
              .replace("apps:", "  é: {columns: [{name: id}]}\napps:")
              .replace("[t]", "[t, é]");
      assertEquals(
          "stored: 1\nduplicates: 0\nleft: 0\n", replay(service, mended, "--table=é").out());
      assertEquals("è", service.query("SELECT id FROM é"));
      CommandResult left = replay(service, mended);
      assertEquals(
          "stored: 0\nduplicates: 0\nleft: 1\n  unknown_field: 1\n", left.out(), left.err());
      assertEquals("/\\ud83d\\ude00", service.query("SELECT pointer FROM attolytics_quarantine"));
    }
  }

  @Test
  void latin1_quarantinesHeadersWhateverTheirCharacters() throws Exception {
    try (RunningService service = start("LATIN1", LENIENT_SCHEMA)) {
      String body = "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"id\":\"1\"}]}";
      String answer =
          service.raw(
              "POST /apps/a/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                  + "Content-Type: application/json\r\nUser-Agent: é€\r\n"
                  + ("Content-Length: " + body.length() + "\r\n\r\n" + body),
              false);
      assertTrue(answer.contains("\"quarantined\":1"), answer);
      assertEquals(
          "\\u00e9\\u20ac",
          service.query("SELECT headers->>'user-agent' FROM attolytics_quarantine"));
      assertEquals(0, replay(service, LENIENT_SCHEMA).exitCode());
      assertEquals("\\u00e9\\u20ac", service.query("SELECT agent FROM t"));
    }
  }

  private static CommandResult replay(RunningService service, String schema, String... options)
      throws Exception {
    Path file = Files.writeString(Files.createTempFile("schema", ".yaml"), schema);
    List<String> args = new ArrayList<>(List.of("replay", "--schema=" + file));
    args.add("--db_url=" + service.database().url());
    args.addAll(List.of(options));
    return CommandResult.of(Map.of(), args.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"SQL_ASCII", "LATIN1", "EUC_JP"})
  void start_warnsOfAnEncodingThatIsNotUtf8(String encoding) throws Exception {
    start(encoding).service().stop();
    Schema none = new Schema(List.of(), Map.of(), null);
    try (Connection connection = Objects.requireNonNull(database).connect()) {
      List<String> warnings = DatabaseTables.rehearse(connection, none).warnings();
      assertEquals(1, warnings.size(), warnings.toString());
      assertTrue(warnings.get(0).contains("is " + encoding + ":"), warnings.get(0));
    }
  }
}
