package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.database.migration.DatabaseTables;
import attolytics.schema.Schema;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
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

  private @Nullable TestDatabase database;

  @AfterEach
  void drop() throws SQLException {
    if (database != null) {
      database.close();
    }
  }

  private RunningService start(String encoding) throws Exception {
    TestDatabase created =
        TestDatabase.create(
            "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING '" + encoding + "'");
    database = created;
    return RunningService.start(created, SCHEMA);
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
