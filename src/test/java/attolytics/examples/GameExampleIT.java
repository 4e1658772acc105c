package attolytics.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import attolytics.TestDatabase;
import attolytics.app.RunningService;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The example of a game: its schema starts, and its queries return the figures of its traffic. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class GameExampleIT {
  private static final Path SCHEMA = Path.of("docs/examples/game.conf.yaml");
  private static final Path QUERIES = Path.of("docs/examples/game-queries.sql");
  private static final String NAME = "-- name: ";
  private static final int EVENTS_OF_A_REQUEST = 200;

  private final GameTraffic game = new GameTraffic();
  private final GameFigures figures = new GameFigures(game);
  private RunningService service;

  @BeforeAll
  void playGame() throws Exception {
    service =
        RunningService.start(
            TestDatabase.create(),
            Files.readString(SCHEMA),
            () ->
                GameTraffic.FIRST_DAY
                    .plusDays(GameTraffic.DAYS)
                    .atStartOfDay(ZoneOffset.UTC)
                    .toInstant());
    GameEvents events = new GameEvents(game);
    for (GameTraffic.Player player : game.players) {
      post(player.address(), List.of(events.of(player)), 1);
    }
    List<String> playing = events.ofPlaying();
    Collections.shuffle(playing, new Random(5)); // which clients were offline, and when
    for (int from = 0; from < playing.size(); from += EVENTS_OF_A_REQUEST) {
      int to = Math.min(playing.size(), from + EVENTS_OF_A_REQUEST);
      // Some are sent again, without an Idempotency-Key.
      post("192.0.2.1", playing.subList(from, to), from % 1_000 == 0 ? 2 : 1);
    }
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  private void post(String address, List<String> events, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      HttpResponse<String> response =
          service.send(
              service
                  .to("/apps/com.example.game/events")
                  .header("Content-Type", "application/json")
                  .header("X-Forwarded-For", address)
                  .POST(
                      BodyPublishers.ofString(
                          "{\"secret_key\":\"example-secret-key\",\"events\":["
                              + String.join(",", events)
                              + "]}")));
      assertEquals(200, response.statusCode(), response.body());
      assertEquals(
          "0", response.body().replaceAll(".*\"quarantined\":(\\d+).*", "$1"), response.body());
    }
  }

  /** The queries of the file, by name. */
  private static Map<String, String> queries() throws IOException {
    Map<String, String> queries = new LinkedHashMap<>();
    for (String part : Files.readString(QUERIES).split("(?m)^" + NAME, -1)) {
      int end = part.indexOf('\n');
      if (!part.startsWith("--")) {
        queries.put(part.substring(0, end), part.substring(end));
      }
    }
    return queries;
  }

  private static Stream<String> names() throws IOException {
    return queries().keySet().stream();
  }

  @Test
  void queries_areAllTested() throws Exception {
    assertEquals(figures.names(), queries().keySet());
    assertEquals(20, queries().size());
  }

  @ParameterizedTest
  @MethodSource("names")
  void query_returnsTheFiguresOfTheTraffic(String name) throws Exception {
    List<String> expected = figures.of(name);
    assertFalse(expected.isEmpty());
    assertEquals(
        String.join("\n", expected), String.join("\n", rows(String.valueOf(queries().get(name)))));
  }

  @Test
  void traffic_fillsEveryColumn() throws Exception {
    for (String table :
        List.of("players", "sessions", "purchases", "progression", "economy", "errors")) {
      List<String> columns =
          rows(
              "SELECT attname FROM pg_attribute WHERE attrelid = 'game.%s'::regclass AND attnum > 0"
                  .formatted(table));
      for (String column : columns) {
        boolean isRestOfNothing =
            column.equals("more") && !table.equals("players") && !table.equals("sessions");
        assertEquals(
            isRestOfNothing ? "f" : "t",
            service.query(
                "SELECT EXISTS (SELECT FROM game.%s WHERE \"%s\" IS NOT NULL)"
                    .formatted(table, column)),
            table + "." + column);
      }
    }
  }

  @Test
  void repeatedEvents_standOnce() throws Exception {
    for (String table : List.of("players", "purchases", "progression", "economy")) {
      assertEquals(
          "t",
          service.query("SELECT count(*) = count(DISTINCT event_id) FROM game." + table),
          table);
    }
    assertEquals(
        game.purchases.size(),
        Integer.parseInt(service.query("SELECT count(*) FROM game.purchases")));
    assertEquals(
        "t", service.query("SELECT count(*) > count(DISTINCT event_id) FROM game.sessions"));
  }

  private List<String> rows(String sql) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection connection = service.database().connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          String value = result.getString(i);
          values.add(value == null ? "" : value);
        }
        rows.add(String.join("|", values));
      }
    }
    return rows;
  }
}
