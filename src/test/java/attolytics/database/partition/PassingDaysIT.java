package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.app.TestClock;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Days, and then months, pass while clients post without a pause to two services on one database:
 * partitions appear and vanish as configured, nothing is lost, and nothing else is touched.
 */
@Timeout(300)
class PassingDaysIT {
  private static final int CLIENTS = 8;
  private static final Duration DAY = Duration.ofDays(1);

  private static final String SCHEMA =
      """
      tables:
        days:
          columns: [{name: time, type: timestamp, required: true}, {name: id, type: i64}]
          partition_by: {column: time, interval: day}
          retention: 3 days
        months:
          columns: [{name: id, type: i64}, {name: day, type: date, required: true}]
          partition_by: {column: day, interval: month}
          retention: 2 months
      apps: {a: {secret_key: sesame, tables: [days, months]}}
      """;

  private final TestClock clock = new TestClock(200);
  private final AtomicLong ids = new AtomicLong();
  private final Map<Long, Instant> days = new ConcurrentSkipListMap<>();
  private final Map<Long, LocalDate> months = new ConcurrentSkipListMap<>();
  private final Set<String> answers = new ConcurrentSkipListSet<>();
  private final Map<Integer, Long> posted = new ConcurrentHashMap<>();

  private TestDatabase database;
  private RunningService first;
  private RunningService second;
  private volatile boolean daysAreOver;
  private volatile boolean over;

  @BeforeEach
  void start() throws Exception {
    database = TestDatabase.create();
    first = RunningService.start(database, SCHEMA, clock);
    second = RunningService.start(database, SCHEMA, clock, "--writers=2");
  }

  @AfterEach
  void stop() throws SQLException {
    over = true;
    second.close();
    first.close();
  }

  @Test
  void daysAndMonthsPass_underLoad() throws Exception {
    LocalDate begin = today();
    // Not the service's: a partition of the owner's, and tables that only look like partitions.
    first.execute(
        "CREATE TABLE his PARTITION OF days FOR VALUES FROM ('2001-01-01Z') TO ('2001-01-02Z');"
            + "INSERT INTO days VALUES ('2001-01-01 12:00Z', -1);"
            + "CREATE TABLE days_20010105 (LIKE days);"
            + "INSERT INTO days_20010105 VALUES ('2001-01-05 12:00Z', -2);"
            + "CREATE TABLE other (x int)");
    String others = others();
    ExecutorService executor = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<Void>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        RunningService service = i % 2 == 0 ? first : second;
        int number = i;
        clients.add(executor.submit(() -> post(number, service)));
      }
      for (int day = 1; day <= 6; day++) {
        awaitLoad(clients);
        clock.pass(DAY);
        awaitDays(begin);
      }
      Eventually.await(() -> total("attolytics_partitions_made_total{table=\"days\"}") == 6);
      Eventually.await(() -> total("attolytics_partitions_dropped_total{table=\"days\"}") == 4);
      daysAreOver = true;
      awaitLoad(clients);
      assertDaysAreThere();
      for (int month = 1; month <= 4; month++) {
        clock.pass(DAY.multipliedBy(30));
        awaitMonths(begin);
        awaitLoad(clients);
      }
      over = true;
      for (Future<Void> client : clients) {
        client.get();
      }
    } finally {
      over = true;
      executor.shutdownNow();
    }
    assertEquals(Set.of("200"), answers);
    assertMonthsAreThere();
    assertEquals(List.of("-1"), database.rows("SELECT id FROM days"));
    assertEquals(others, others());
    assertEquals("1", first.query("SELECT count(*) FROM days_20010105"));
    assertEquals("1", first.query("SELECT count(*) FROM his"));
    for (String table : List.of("days", "months")) {
      assertEquals(0, total("attolytics_partition_upkeep_failures_total{table=\"" + table + "\"}"));
    }
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  /** Posts again and again, at times that are taken even if a day passes before they arrive. */
  private Void post(int number, RunningService service) throws Exception {
    while (!over) {
      long id = ids.incrementAndGet();
      Instant now = clock.instant();
      long seconds = ThreadLocalRandom.current().nextLong(-36 * 3600, 23 * 3600);
      Instant time = now.plusSeconds(seconds).truncatedTo(ChronoUnit.MICROS);
      LocalDate day = LocalDate.ofInstant(time, ZoneOffset.UTC);
      boolean withDays = !daysAreOver;
      String ofMonths = "{\"_t\":\"months\",\"day\":\"%s\",\"id\":%d}".formatted(day, id);
      String ofDays = "{\"_t\":\"days\",\"id\":%d,\"time\":\"%s\"},".formatted(id, time);
      var answer = service.post((withDays ? ofDays : "") + ofMonths);
      answers.add(answer.statusCode() + answer.body());
      months.put(id, day);
      if (withDays) {
        days.put(id, time);
      }
      posted.merge(number, 1L, Long::sum);
    }
    return null;
  }

  /** Until each client has had a few more answers. */
  private void awaitLoad(List<Future<Void>> clients) throws Exception {
    Map<Integer, Long> before = Map.copyOf(posted);
    Eventually.await(
        () -> {
          for (Future<Void> client : clients) {
            if (client.isDone()) {
              client.get();
            }
          }
          for (int i = 0; i < CLIENTS; i++) {
            if (posted.getOrDefault(i, 0L) < before.getOrDefault(i, 0L) + 5) {
              return false;
            }
          }
          return true;
        });
  }

  private void awaitDays(LocalDate begin) throws Exception {
    LocalDate kept = today().minusDays(3);
    List<String> expected = new ArrayList<>();
    if (begin.isAfter(kept)) {
      expected.add(begin.minusDays(3) + " " + begin); // what was there before the table was
    }
    for (LocalDate day = begin; day.isBefore(today().plusDays(8)); day = day.plusDays(1)) {
      if (!day.isBefore(kept)) {
        expected.add(day + " " + day.plusDays(1));
      }
    }
    awaitBounds("days", expected);
  }

  private void awaitMonths(LocalDate begin) throws Exception {
    LocalDate kept = today().minusMonths(2);
    LocalDate first = begin.withDayOfMonth(1);
    List<String> expected = new ArrayList<>();
    if (first.isAfter(kept)) {
      expected.add(begin.minusMonths(2) + " " + first);
    }
    LocalDate end = today().withDayOfMonth(1).plusMonths(4);
    for (LocalDate month = first; month.isBefore(end); month = month.plusMonths(1)) {
      if (month.plusMonths(1).isAfter(kept)) {
        expected.add(month + " " + month.plusMonths(1));
      }
    }
    awaitBounds("months", expected);
  }

  private void awaitBounds(String table, List<String> expected) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!bounds(table).equals(expected) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertEquals(expected, bounds(table));
  }

  private List<String> bounds(String table) throws SQLException {
    List<String> bounds = new ArrayList<>();
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute("SET TIME ZONE 'UTC'");
      try (ResultSet row =
          sql.executeQuery(
              "SELECT pg_get_expr(relpartbound, oid) FROM pg_inherits JOIN pg_class ON oid = inhrelid"
                  + " WHERE inhparent = '%s'::regclass AND relname <> 'his' ORDER BY 1"
                      .formatted(table))) {
        while (row.next()) {
          String bound = row.getString(1);
          if (bound != null) { // not dropped after the query began
            bounds.add(
                bound.replaceFirst("FOR VALUES FROM \\('(\\S{10}).*TO \\('(\\S{10}).*", "$1 $2"));
          }
        }
      }
    }
    return bounds;
  }

  private double total(String metric) throws Exception {
    return first.metric(metric) + second.metric(metric);
  }

  /** All that is not past its retention is there, once, and nothing else but the owner's row. */
  private void assertDaysAreThere() throws SQLException {
    Instant kept = clock.today().minus(DAY.multipliedBy(3));
    List<Long> expected = new ArrayList<>(List.of(-1L));
    days.forEach(
        (id, time) -> {
          if (!time.isBefore(kept)) {
            expected.add(id);
          }
        });
    assertTrue(expected.size() > CLIENTS * 5, "that few: " + expected.size());
    assertEquals(
        expected,
        database.rows("SELECT id FROM days ORDER BY id").stream().map(Long::valueOf).toList());
  }

  private void assertMonthsAreThere() throws SQLException {
    LocalDate kept = today().minusMonths(2).withDayOfMonth(1);
    List<String> expected = new ArrayList<>();
    months.forEach(
        (id, day) -> {
          if (!day.isBefore(kept)) {
            expected.add(id + " " + day);
          }
        });
    assertTrue(expected.size() > CLIENTS * 5, "that few: " + expected.size());
    assertEquals(expected, database.rows("SELECT id || ' ' || day FROM months ORDER BY id"));
  }

  /** All tables that are none of the service's partitions. */
  private String others() throws SQLException {
    return database
        .rows(
            "SELECT oid || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                + " AND relkind IN ('r', 'p') AND coalesce(obj_description(oid, 'pg_class'), '')"
                + " NOT LIKE 'made by attolytics: %' ORDER BY 1")
        .stream()
        .collect(Collectors.joining("\n"));
  }
}
