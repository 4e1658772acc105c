package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.Eventually;
import attolytics.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** What the jar logs while clients and the database do their worst. */
@Timeout(120)
class LogIT {
  private static final String SECRET = "s3cr3t-content";
  private static final int REPEATS = 25;

  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: s}]}
        gone: {columns: [{name: s}]}
      apps:
        a: {secret_key: key-s3cr3t-content, tables: [t, gone]}
      """;

  /** Quotes in its words, of several classes of SQLSTATE, what the row holds. */
  private static final String TRIGGER =
      """
      CREATE TABLE t (s VARCHAR);
      CREATE FUNCTION check_t() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.s LIKE 'raise%' THEN RAISE 'no: %', NEW.s; END IF;
          IF NEW.s LIKE 'cast%' THEN PERFORM NEW.s::INT; END IF;
          IF NEW.s LIKE 'run%' THEN EXECUTE NEW.s; END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER check_t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION check_t();
      """;

  @TempDir Path directory;

  private static String body(String table, String value) {
    return "{\"secret_key\":\"key-%s\",\"events\":[{\"_t\":\"%s\",\"s\":%s}]}"
        .formatted(SECRET, table, value);
  }

  private static String quoted(String value) {
    return '"' + value + ' ' + SECRET + '"';
  }

  private static void execute(TestDatabase database, String statement) throws SQLException {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }

  /** All sorts of bad requests, each many times; returns the error ids of the answers. */
  private static Set<String> misbehave(RunningJar jar) throws Exception {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < REPEATS; i++) {
      answers.add(jar.post("a", body("t", quoted("raise"))));
      answers.add(jar.post("a", body("t", quoted("cast"))));
      answers.add(jar.post("a", body("t", quoted("run"))));
      answers.add(jar.post("a", body("gone", quoted("x"))));
      answers.add(jar.post("a", body("t", "[" + quoted("x") + "]")));
      answers.add(jar.post("a", body("t", quoted("x")).replace("key-", "no-")));
      answers.add(jar.post("a", "{" + SECRET));
      answers.add(jar.post("nobody", "{}"));
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        answer.get(); // so that not all is one flush
      }
    }
    Set<String> ids = new HashSet<>();
    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      JsonObject problem = new JsonObject(answer.get().body());
      assertEquals(problem.getInteger("status") >= 500, problem.containsKey("error_id"));
      if (problem.containsKey("error_id")) {
        ids.add(problem.getString("error_id"));
      }
    }
    return ids;
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "json"})
  void flood_isAFewLines_withEveryErrorId_andWithoutContents(String format) throws Exception {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    try (TestDatabase database = TestDatabase.create()) {
      execute(database, TRIGGER);
      try (RunningJar jar =
          RunningJar.start(
              directory.resolve("log"),
              Map.of("ATTOLYTICS_DB_URL", database.url(), "ATTOLYTICS_LOG_FORMAT", format),
              List.of(),
              "--schema=" + schema)) {
        jar.port();
        execute(database, "DROP TABLE gone");
        Set<String> ids = misbehave(jar);
        assertEquals(0, jar.stop());

        String log = jar.log();
        assertFalse(ids.isEmpty());
        for (String id : ids) {
          assertTrue(log.contains("error " + id + ": app a: "), log);
        }
        assertFalse(log.contains(SECRET), log);
        assertTrue(log.lines().count() < 60, log);
        for (String state : List.of("P0001", "22P02")) { // neither is a repeat of the other
          String refused =
              "app a: requests are refused: refused_by_database (400):"
                  + " the database refused it: SQLSTATE "
                  + state;
          assertTrue(log.contains(refused), log);
        }
        assertTrue(log.contains("nobody"), log); // the app that there is not
        assertTrue(log.contains(" more until "), log);
        assertTrue(log.contains("table gone accepts no rows: "), log);
        assertTrue(log.lines().reduce("", (before, last) -> last).contains("stopped"), log);
        if (format.equals("json")) {
          assertJson(log, ids);
        }
      }
    }
  }

  private static void assertJson(String log, Set<String> ids) {
    Set<String> logged = new HashSet<>();
    for (String line : log.lines().toList()) {
      JsonObject object = new JsonObject(line);
      assertTrue(object.fieldNames().containsAll(List.of("time", "level", "logger", "message")));
      if (object.containsKey("error_id")) {
        logged.add(object.getString("error_id"));
      }
    }
    assertEquals(ids, logged);
  }

  @Test
  void outages_areLinesOfTheirOwn_atOnce() throws Exception {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    try (TestDatabase database = TestDatabase.create();
        DatabaseProxy way = new DatabaseProxy(database);
        RunningJar jar =
            RunningJar.start(
                directory.resolve("log"),
                Map.of("ATTOLYTICS_DB_URL", way.url()),
                List.of(),
                "--schema=" + schema)) {
      jar.port();
      for (int outage = 1; outage <= 3; outage++) {
        way.cut();
        CompletableFuture<HttpResponse<String>> answer = jar.post("a", body("t", quoted("x")));
        awaitLines(jar, "Database writes failing, retrying: ", outage);
        awaitLines(jar, "not ready: the database is unreachable (", outage);
        way.open();
        assertEquals(200, answer.get().statusCode());
        awaitLines(jar, "Database writes resumed", outage);
        awaitLines(jar, "Readiness: ready again after ", outage);
      }
      assertEquals(0, jar.stop());
    }
  }

  private static void awaitLines(RunningJar jar, String words, int count) throws Exception {
    Eventually.await(() -> jar.log().lines().filter(line -> line.contains(words)).count() >= count);
  }

  @Test
  void quiet_logsNothingOfAUsualRun() throws Exception {
    Path path = directory.resolve("notify");
    try (TestDatabase database = TestDatabase.create();
        NotifySocket started = new NotifySocket(AFUNIXSocketAddress.of(path.toFile()));
        RunningJar jar =
            RunningJar.start(
                directory.resolve("log"),
                Map.of("ATTOLYTICS_DB_URL", database.url(), "NOTIFY_SOCKET", path.toString()),
                List.of(),
                "--schema=schema-example.conf.yaml",
                "-q")) {
      started.await("READY=1"::equals); // there is no line that says so
      assertEquals(0, jar.stop());
      assertEquals("", jar.log());
    }
  }
}
