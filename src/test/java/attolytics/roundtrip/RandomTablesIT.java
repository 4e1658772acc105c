package attolytics.roundtrip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.app.RunningService;
import attolytics.roundtrip.RandomColumn.Source;
import attolytics.roundtrip.RandomTable.Request;
import attolytics.roundtrip.RandomTable.Row;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random tables of every type and key take random values through the running service; PostgreSQL
 * returns the same that it makes of literals. With {@code -DroundTrips=100} there are more of them.
 */
@Timeout(300)
class RandomTablesIT {
  private static final int TABLES = 5;
  private static final int REQUESTS = 6;
  private static final int ROWS = 40;

  private final List<RandomTable> tables = new ArrayList<>();
  private final Map<RandomTable, List<Row>> sent = new LinkedHashMap<>();

  private static LongStream seeds() {
    return LongStream.range(0, Long.getLong("roundTrips", 4));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void values_areReadBack(long seed) throws Exception {
    Random random = new Random(seed);
    IntStream.range(0, TABLES).forEach(i -> tables.add(new RandomTable(random, i)));
    String schema =
        tables.stream().map(RandomTable::yaml).collect(Collectors.joining("", "tables:\n", ""))
            + "apps: {a: {secret_key: sesame, tables: "
            + tables.stream().map(RandomTable::quotedName).toList()
            + "}}\n";
    Instant before = Instant.now().minusSeconds(1);
    try (RunningService service = RunningService.start(schema, "")) {
      for (int i = 0; i < REQUESTS; i++) {
        post(service, random);
      }
      for (RandomTable table : tables) {
        assertReadBack(service, table, before, schema);
      }
    }
  }

  /** Posts events, and those of deduplicated tables again. */
  private void post(RunningService service, Random random) throws Exception {
    Request request = new Request(RandomValue.address(random), headers(random));
    List<String> events = new ArrayList<>();
    List<String> repeated = new ArrayList<>();
    for (int i = 1 + random.nextInt(ROWS); i > 0; i--) {
      RandomTable table = tables.get(random.nextInt(TABLES));
      List<Row> rows = sent.computeIfAbsent(table, each -> new ArrayList<>());
      Row row = table.row(rows.size(), request);
      rows.add(row);
      events.add(row.event());
      if (table.isDeduplicated()) {
        repeated.add(row.event());
      }
    }
    post(service, request, events);
    post(service, request, repeated);
  }

  private Map<String, String> headers(Random random) {
    Map<String, String> headers = new HashMap<>();
    for (RandomTable table : tables) {
      for (RandomColumn column : table.columns()) {
        if (column.source() == Source.HEADER && (column.needsValue() || random.nextBoolean())) {
          // Undertow makes one space of several.
          String value =
              RandomValue.text(random, 20).replaceAll("[^ -~]", "").replaceAll(" +", " ").strip();
          headers.put(column.header(), value + "x");
        }
      }
    }
    return headers;
  }

  private static void post(RunningService service, Request request, List<String> events)
      throws Exception {
    String body = "{\"secret_key\": \"sesame\", \"events\": " + events + "}";
    HttpRequest.Builder builder =
        service
            .to("/apps/a/events")
            .header("Content-Type", "application/json")
            .header("X-Forwarded-For", request.clientAddress())
            .POST(BodyPublishers.ofString(body));
    request.headers().forEach(builder::header);
    HttpResponse<String> response = service.send(builder);
    assertEquals(200, response.statusCode(), () -> response.body() + "\n" + body);
  }

  private void assertReadBack(
      RunningService service, RandomTable table, Instant before, String schema)
      throws SQLException {
    List<Row> rows = sent.getOrDefault(table, List.of());
    try (Connection connection = service.database().connect();
        Statement sql = connection.createStatement()) {
      try (ResultSet count = sql.executeQuery("SELECT count(*) FROM " + table.sqlName())) {
        count.next();
        assertEquals(rows.size(), count.getInt(1), schema);
      }
      for (Row row : rows) {
        assertReadBack(sql, table, row, before);
      }
    }
  }

  /** Each column is selected beside what it has to be. */
  private static void assertReadBack(Statement sql, RandomTable table, Row row, Instant before)
      throws SQLException {
    List<RandomColumn> columns = List.copyOf(row.expected().keySet());
    List<String> selected = new ArrayList<>();
    for (RandomColumn column : columns) {
      String name = RandomTable.identifier(column.name());
      selected.add(
          column.source() == Source.RECEIVED_AT
              ? "CASE WHEN %s BETWEEN '%s' AND now() THEN 'filled' END".formatted(name, before)
              : name + "::text");
      selected.add(row.expected().get(column));
    }
    String query =
        "SELECT %s FROM %s WHERE n = %d AND at = to_timestamp(%d)"
            .formatted(String.join(", ", selected), table.sqlName(), row.number(), row.number());
    try (ResultSet found = sql.executeQuery(query)) {
      assertEquals(true, found.next(), row.event());
      for (int i = 0; i < columns.size(); i++) {
        RandomColumn column = columns.get(i);
        assertEquals(
            found.getString(2 * i + 2),
            found.getString(2 * i + 1),
            () -> column.yaml() + " of " + row.event());
      }
    }
  }
}
