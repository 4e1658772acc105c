package attolytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of invalid fields in {@code docs/api.md}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ValidationDocsIT {
  /** {@code | `"field": value, …`: in words | strict | lenient |}. */
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `(\"(\\w+)\": (?:.* )?(.+))`: [^|]+ \\| ([^|]+) \\| ([^|]+) \\|$");

  private RunningService service;

  /**
   * A row of the table.
   *
   * @param fields the fields, or the one that is given twice
   * @param column their name
   * @param last the last value
   */
  private record Row(String fields, String column, String last, String strict, String lenient) {
    Row(MatchResult row) {
      this(row.group(1), row.group(2), row.group(3), row.group(4), row.group(5));
    }
  }

  private static List<Row> rows() throws Exception {
    List<Row> rows =
        ROW.matcher(Files.readString(Path.of("docs", "api.md"))).results().map(Row::new).toList();
    assertTrue(rows.size() > 5, rows::toString);
    return rows;
  }

  @BeforeAll
  void start() throws Exception {
    String schema =
        Files.readString(Path.of("schema-example.conf.yaml"))
            + "  lenient: {secret_key: example-secret-key, tables: [events], validation: lenient}\n";
    service = RunningService.start(schema, "");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @BeforeEach
  void empty() throws Exception {
    service.execute("TRUNCATE events");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void strict_behavesAsDocumented(Row row) throws Exception {
    assertOutcome(row, row.strict, post("com.example.myapp", row));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void lenient_behavesAsDocumented(Row row) throws Exception {
    assertOutcome(row, row.lenient, post("lenient", row));
  }

  private HttpResponse<String> post(String app, Row row) throws Exception {
    JsonObject event =
        new JsonObject()
            .put("_t", "events")
            .put("platform", "p")
            .put("version", "v")
            .put("event_type", "e");
    event.remove(row.column);
    String others = event.encode().substring(1);
    HttpRequest.Builder request =
        service
            .to("/apps/" + app + "/events")
            .header("Content-Type", "application/json")
            .header("Referer", "http://example.com/a-header")
            .POST(
                BodyPublishers.ofString(
                    "{\"secret_key\": \"example-secret-key\", \"events\": [{"
                        + row.fields
                        + ", "
                        + others
                        + "]}"));
    return service.send(request);
  }

  private void assertOutcome(Row row, String outcome, HttpResponse<String> answer)
      throws Exception {
    if (outcome.startsWith("400 ")) {
      assertEquals(400, answer.statusCode(), answer.body());
      JsonObject error = new JsonObject(answer.body()).getJsonArray("errors").getJsonObject(0);
      assertEquals(outcome, "400 `" + error.getString("code") + "`");
      assertEquals("/events/0/" + row.column, error.getString("pointer"));
      return;
    }
    assertEquals(200, answer.statusCode(), answer.body());
    String expected =
        switch (outcome) {
          case "NULL" -> "null";
          case "ignored" -> "1";
          case "the last one" -> row.last;
          case "the header" -> "http://example.com/a-header";
          default -> throw new AssertionError(outcome);
        };
    String what = outcome.equals("ignored") ? "count(*)" : row.column;
    assertEquals(expected, service.query("SELECT " + what + " FROM events"));
  }
}
