package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator does about invalid events, with nothing but the jar and SQL. */
class QuarantineIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: n, type: i32, required: true}
            - {name: agent, type: string, header: User-Agent}
          deduplicate_by: n
      apps:
        a: {secret_key: k, tables: [t], invalid_events: quarantine}
      """;

  private static final String CORRECTED =
      SCHEMA.replace("required: true}", "required: true}\n      - {name: extra, type: string}");

  @TempDir private Path directory;
  private TestDatabase database;

  @BeforeEach
  void createDatabase() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    database.close();
  }

  @Test
  void invalidAndRepeatedEvents_refuseNoOthers_andAreStoredOnceTheSchemaFileIsCorrected()
      throws Exception {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    String[] options = {"--schema=" + schema, "--db_url=" + database.url()};
    try (RunningJar service =
        RunningJar.start(directory.resolve("log"), Map.of(), List.of(), options)) {
      assertCounts(5, 0, 0, service.post("a", body(0, 5)).get());
      assertCounts(92, 5, 3, service.post("a", body(0, 100)).get());
      assertEquals("97 97", database.value("SELECT count(*) || ' ' || count(DISTINCT n) FROM t"));
      assertEquals(
          "3 unknown_field /extra",
          database.value(
              "SELECT count(*) || ' ' || code || ' ' || pointer FROM attolytics_quarantine"
                  + " GROUP BY code, pointer"));
      Eventually.await(
          () ->
              service
                  .admin("/status.json")
                  .body()
                  .contains("{\"app\":\"a\",\"code\":\"unknown_field\",\"rows\":3}"));

      Files.writeString(schema, CORRECTED);
      assertEquals("0", run("migrate", "--apply", options).split("\n", -1)[0]);
      new ProcessBuilder("kill", "-HUP", Long.toString(service.process().pid())).start().waitFor();
      Eventually.await(() -> service.log().contains("reload 1 "));
      assertEquals("0\nstored: 3\nduplicates: 0\nleft: 0\n", run("replay", "--app=a", options));

      assertEquals(
          "100 100 e97e98e99",
          database.value(
              "SELECT count(*) || ' ' || count(DISTINCT n) || ' ' || string_agg(extra, '' ORDER BY n)"
                  + " FROM t"));
      assertEquals("1", database.value("SELECT count(DISTINCT agent) FROM t"));
      assertEquals("0", database.value("SELECT count(*) FROM attolytics_quarantine"));
      assertEquals(0, service.stop());
    }
  }

  private static void assertCounts(
      int stored, int duplicates, int quarantined, HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    String counts =
        "{\"stored\":%d,\"duplicates\":%d,\"quarantined\":%d,"
            .formatted(stored, duplicates, quarantined);
    assertTrue(answer.body().startsWith(counts), answer.body());
  }

  /** Events from a number to another; those from 97 on have a field that is not in the schema. */
  private static String body(int from, int to) {
    List<String> events = new ArrayList<>();
    for (int n = from; n < to; n++) {
      String extra = n < 97 ? "" : ",\"extra\":\"e" + n + "\"";
      events.add("{\"_t\":\"t\",\"n\":" + n + extra + "}");
    }
    return "{\"secret_key\":\"k\",\"events\":[" + String.join(",", events) + "]}";
  }

  /** The exit code of a command, and what it prints. */
  private static String run(String command, String option, String... options) throws Exception {
    List<String> args = new ArrayList<>(List.of(command, option));
    args.addAll(List.of(options));
    try (JarProcess process = JarProcess.start(Map.of(), args.toArray(String[]::new))) {
      return process.exitCode() + "\n" + process.out();
    }
  }
}
