package attolytics.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.HeadlessBrowser;
import com.microsoft.playwright.Clock;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the status page shows of states that a service is seldom in: it gets reports of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class StatusPageStatesIT {
  private static final String URL = "http://status.test/";
  private static final long PERIOD_MILLIS = 2_000;
  private static final long NOW = Instant.parse("2026-03-01T12:00:00Z").getEpochSecond();
  private static final int POINTS = 60;

  private enum Answer {
    REPORT,
    NONE,
    LATE
  }

  private final Map<String, String> report = new HashMap<>();
  private final List<String> errors = new ArrayList<>();
  private HeadlessBrowser browser;
  private Page page;
  private Answer answer;

  @BeforeAll
  void start() throws Exception {
    browser = HeadlessBrowser.open();
  }

  @AfterAll
  void stop() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void prepare() {
    answer = Answer.REPORT;
    report.clear();
    report.putAll(
        Map.ofEntries(
            Map.entry("ready", "true"),
            Map.entry("reason", "null"),
            Map.entry("now", time(0)),
            Map.entry("outages", "[]"),
            Map.entry("log", "[]"),
            Map.entry("refused", "[]"),
            Map.entry("isReady", points(1)),
            Map.entry("rows", points(100)),
            Map.entry("ringRows", "0"),
            Map.entry("failed", "0"),
            Map.entry("flushErrors", points(0)),
            Map.entry("waiting", points(0)),
            Map.entry("busyShare", "0.2"),
            Map.entry("schemaRefused", "null")));
    page = browser.newPage();
    page.onPageError(errors::add);
    page.route("**/*", this::answer);
    page.clock().install(new Clock.InstallOptions().setTime(NOW * 1000));
  }

  @AfterEach
  void close() {
    page.close();
    List<String> thrown = List.copyOf(errors);
    errors.clear();
    assertEquals(List.of(), thrown);
  }

  private void answer(Route route) {
    String path = URI.create(route.request().url()).getPath();
    if (path.equals("/status.json")) {
      if (answer == Answer.REPORT) {
        fulfill(route, "application/json", json().getBytes(StandardCharsets.UTF_8));
      } else if (answer == Answer.NONE) {
        route.abort();
      }
    } else {
      StatusPage.PageFile file = Objects.requireNonNull(StatusPage.file(path), path);
      fulfill(route, file.contentType(), file.read());
    }
  }

  private static void fulfill(Route route, String contentType, byte[] body) {
    route.fulfill(
        new Route.FulfillOptions().setContentType(contentType).setBodyBytes(body).setStatus(200));
  }

  /** A report, as the service writes it, of a minute with the newest point now. */
  private String json() {
    String template =
        """
        {"ready": $ready, "reason": $reason, "cause": null, "since": "2026-03-01T11:00:00Z", "now": $now,
         "uptimeSeconds": 3600, "version": "1", "instance": {"host": "h", "url": "http://h:8000", "pid": 1,
          "started": "2026-03-01T11:00:00Z", "java": "17"},
         "database": {"url": "postgres://db/a", "embedded": false, "name": "a", "serverVersion": "15", "bytes": 1,
          "problem": null, "cause": null},
         "schema": {"file": "s", "absoluteFile": "/s", "loaded": "2026-03-01T11:00:00Z", "refused": $schemaRefused},
         "levels": {"bufferBytes": 0, "bufferCapacityBytes": 1000, "ringRows": $ringRows, "ringCapacityRows": 1000,
          "oldestSeconds": 12, "databaseUp": 1, "connectionsInUse": 0, "connections": 1},
         "totals": {"requests": {}, "requestsByApp": {}, "refusedByApp": {}, "acceptedByApp": {}, "rejectedByApp": {},
          "duplicatesByApp": {}, "refused": {}, "rejected": {}, "committed": {"t": 1}, "leftOut": {}, "flushes": {},
          "flushErrors": {}},
         "partitions": {}, "partitionsEnd": {}, "quarantine": {"groups": [], "newest": []}, "outages": $outages,
         "refusals": [], "log": $log, "longestBucketSeconds": 60,
         "recent": {"rows": 1, "requests": 0, "refused": 0, "failed": $failed, "flushErrors": 0, "requestP50": null,
          "requestP99": null, "flushes": 1, "flushP50": 0.001, "flushP99": 0.001, "flushRows": 1, "rowsByTable": {"t": 1}},
         "writers": [{"writer": 0, "busyShare": $busyShare, "waitingShare": 0, "rowsPerSecond": 1}],
         "history": {"length": 300, "time": $time, "rows": $rows, "requests": $zeros, "requestP50": $zeros,
          "requestP99": $zeros, "flushP50": $zeros, "flushP99": $zeros, "bufferBytes": $zeros, "flushErrors": $flushErrors,
          "ready": $isReady, "writers": [{"writer": 0, "busyShare": $zeros, "waitingShare": $waiting}], "refused": $refused}}
        """
            .replace("$time", array(i -> String.valueOf(NOW - POINTS + 1 + i)))
            .replace("$zeros", points(0));
    for (Map.Entry<String, String> value : report.entrySet()) {
      template = template.replace("$" + value.getKey(), value.getValue());
    }
    return template;
  }

  private static String array(IntFunction<String> point) {
    return IntStream.range(0, POINTS).mapToObj(point).collect(Collectors.joining(",", "[", "]"));
  }

  private static String points(int value) {
    return array(i -> String.valueOf(value));
  }

  /** Points of which those from one to another, in seconds before now, have another value. */
  private static String points(int value, int from, int to, int other) {
    return array(
        i -> String.valueOf(POINTS - 1 - i <= from && POINTS - 1 - i >= to ? other : value));
  }

  private static String time(long secondsAgo) {
    return "\"" + Instant.ofEpochSecond(NOW - secondsAgo) + "\"";
  }

  private static String outage(String part, String reason, long from, long until) {
    return """
        {"from": %s, "until": %s, "part": "%s", "reason": "%s", "cause": null, "answered503": 1, "answered504": 0}
        """
        .formatted(time(from), until < 0 ? "null" : time(until), part, reason);
  }

  private static String lock(String table, long from, long until) {
    String part = "table " + table;
    return outage(part, part + " is locked, or accepts no rows at the moment", from, until);
  }

  private static String warning(String message, long secondsAgo) {
    return """
        {"last": %s, "first": %s, "count": 1, "level": "WARN", "logger": "Deferral", "message": "%s"}
        """
        .formatted(time(secondsAgo), time(secondsAgo), message);
  }

  private static String refused503(String perSecond) {
    return "[{\"reason\": \"database_unavailable\", \"status\": 503, \"perSecond\": %s}]"
        .formatted(perSecond);
  }

  private void open() {
    page.navigate(URL);
    page.locator("#all").waitFor();
  }

  private void awaitState(String text) {
    page.locator("#state:text-is('" + text + "')").waitFor();
  }

  private String now() {
    return page.locator("#now").innerText();
  }

  private static void assertContains(String part, String text) {
    assertTrue(text.contains(part), text);
  }

  @Test
  void silence_marksEverythingAsOld() {
    open();
    assertContains("Nothing is wrong now.", now());
    answer = Answer.NONE;
    page.clock().runFor(PERIOD_MILLIS);
    page.locator("#state:text-is('No answer from the service')").waitFor();
    page.clock().runFor(40_000);
    page.locator(
            "#since:text-matches('^last answer at \\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d, 4\\\\d s ago$')")
        .waitFor();
    assertTrue(!now().contains("Nothing is wrong"), now());
    assertContains("deploy/RUNBOOK.md: AttolyticsInstanceDown", now());
    assertContains("Everything below is as it was at ", now());
    assertEquals(0, page.locator("#now a").count(), "the service would have to answer that too");
    for (String part : List.of("#facts", "#charts")) {
      page.waitForFunction(
          "part => getComputedStyle(document.querySelector(part)).opacity < 0.6", part);
    }
    assertTrue(page.title().endsWith(": No answer from the service"), page.title());
    answer = Answer.REPORT;
    page.clock().runFor(PERIOD_MILLIS);
    page.locator("#state:text-is('Ready')").waitFor();
    page.locator("#all:not(.stale) #now:not(.bad):has-text('Nothing is wrong now.')").waitFor();
  }

  @Test
  void answerThatIsLate_marksEverythingAsOld_untilItComes() {
    open();
    answer = Answer.LATE;
    page.clock().runFor(PERIOD_MILLIS + 4_000);
    page.locator("#state:text-is('Waiting for an answer from the service')").waitFor();
    page.locator("#all.stale #now.bad").waitFor();
  }

  @Test
  void serverErrorsOfAnOutageThatHasEnded_areNotWrongNow() {
    report.put("failed", "3");
    report.put("outages", "[" + outage("service", "the database is unreachable", 40, 5) + "]");
    report.put("refused", refused503(points(0, 20, 4, 9)));
    open();
    assertContains("Nothing is wrong now.", now());
    assertContains("Last outage: ", now());
    assertEquals(0, page.locator("#refused-rate .bad").count());
    report.put("refused", refused503(points(0, 1, 0, 9)));
    page.clock().runFor(PERIOD_MILLIS);
    page.locator("#now.bad:has-text('answered with 5xx')").waitFor();
    assertContains("Runbook: What the status page says", now());
    assertEquals(1, page.locator("#refused-rate .bad").count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          service | the database is unreachable | AttolyticsDatabaseAway
          service | the database does not respond | AttolyticsDatabaseAway
          service | the database is read-only | AttolyticsDatabaseAway
          service | the embedded PostgreSQL has terminated and is being restarted | What the status page says
          service | the buffer is full | AttolyticsBufferFilling
          service | writer 0 makes no progress | What the status page says
          service | writer 0 has failed, see the log | What the status page says
          service | the thread XNIO-1 I/O-1 is stuck for 30 s or more | What the status page says
          service | draining | Upgrading
          service | something new | What the status page says
          table t | table t is locked, or accepts no rows at the moment | Locks
          """)
  void outage_saysWhatToDo_andHowMuchWaits(String part, String reason, String entry) {
    boolean isReady = !part.equals("service");
    report.put("ready", String.valueOf(isReady));
    report.put("reason", isReady ? "null" : "\"" + reason + "\"");
    report.put("outages", "[" + outage(part, reason, 12, -1) + "]");
    report.put("ringRows", "1");
    open();
    assertContains(reason + ", since ", now());
    assertContains(
        "1 row waits, the oldest for 12 s; the buffer is 0% full. Meanwhile answered: 1 × 503,"
            + " 0 × 504; their rows may be among those that wait.",
        now());
    assertEquals("Runbook: " + entry, page.textContent("#now a"));
    assertContains("1 row waits", page.textContent("#throughput-note"));
    page.setViewportSize(1280, 200);
    page.locator("#now a").click();
    page.waitForURL("**/runbook.md*");
    page.waitForFunction("() => scrollY > 0");
  }

  @Test
  void lockedTables_areInTheHeadline_ofAServiceThatIsReady() {
    report.put("outages", "[" + lock("t", 12, -1) + "]");
    open();
    awaitState("Ready, but requests for table t wait");
    assertTrue(page.title().endsWith(": Ready, but requests for table t wait"), page.title());
    report.put(
        "outages",
        Stream.of("a", "b", "c", "d", "e")
            .map(table -> lock(table, 12, -1))
            .collect(Collectors.joining(",", "[", "]")));
    page.clock().runFor(PERIOD_MILLIS);
    awaitState("Ready, but requests for tables a, b, c and 2 more wait");
    report.put("outages", "[" + lock("t", 12, 5) + "]");
    page.clock().runFor(PERIOD_MILLIS);
    awaitState("Ready");
    report.put("outages", "[" + lock("t".repeat(63), 12, -1) + "]");
    page.clock().runFor(PERIOD_MILLIS);
    awaitState("Ready, but requests for table " + "t".repeat(63) + " wait");
    page.setViewportSize(320, 640);
    assertEquals(
        320, ((Number) page.evaluate("() => document.documentElement.scrollWidth")).intValue());
  }

  /** The log has what a writer knows of it. */
  @Test
  void outageOfATable_hasTheSqlstateOfItsTime_andWhereTheQueryIs() {
    report.put("outages", "[" + lock("t", 200, 190) + "," + lock("t", 600, 590) + "]");
    report.put(
        "log",
        "[%s, %s, %s]"
            .formatted(
                warning("Deferring requests for table t, which is slow: (SQLSTATE 57014)", 100),
                warning("Deferring requests for table tt, which is full: (SQLSTATE 53100)", 195),
                warning("Deferring requests for table t, which is locked: (SQLSTATE 55P03)", 202)));
    open();
    Locator cells = page.locator("#outage tbody tr td:last-child");
    String advice = "the query in the runbook finds the session that holds the lock";
    assertContains("which is locked: (SQLSTATE 55P03)", cells.first().innerText());
    assertContains(advice, cells.first().innerText());
    assertEquals("Runbook: Locks", cells.first().locator("a").textContent());
    assertTrue(!cells.last().innerText().contains("SQLSTATE"), "the log does not go back so far");
    assertContains(advice, cells.last().innerText());
  }

  @Test
  void charts_showWaitingAndFailures_onlyIfThereWereSome() {
    open();
    List<String> usual = List.of("now", "median", "p99");
    assertEquals(usual, legend("flushes"));
    assertEquals(List.of("now", "writer 0"), legend("busy"));
    report.put("waiting", points(0, 20, 10, 1));
    report.put("flushErrors", points(0, 20, 20, 1));
    page.clock().runFor(PERIOD_MILLIS);
    page.locator("#charts .legend li:has-text('failed/s')").waitFor();
    assertEquals(List.of("now", "median", "p99", "failed/s"), legend("flushes"));
    assertEquals(List.of("now", "writer 0", "waiting for the database"), legend("busy"));
    report.put("waiting", points(0));
    report.put("flushErrors", points(0));
    page.clock().runFor(PERIOD_MILLIS);
    page.locator("#charts .legend:not(:has-text('failed/s')) + #flushes-note").waitFor();
    assertEquals(usual, legend("flushes"));
  }

  /** What it names: the time, and the series. */
  private List<String> legend(String chart) {
    String legend = "#p-" + chart + " + .legend ";
    return page.locator(legend + ".at," + legend + "li > span:nth-child(2)").allTextContents();
  }

  @Test
  void times_areInLineInAllCharts() {
    report.put("flushErrors", points(1));
    open();
    for (int width : new int[] {390, 768, 1440}) {
      page.setViewportSize(width, 844);
      page.waitForFunction(
          """
          () => {
            const insets = [...document.querySelectorAll('.plot')].map(plot => {
              const [outer, inner] = [plot, plot.querySelector('.u-over')].map(e => e.getBoundingClientRect());
              return `${Math.round(inner.left - outer.left)} ${Math.round(outer.right - inner.right)}`;
            });
            return insets.length === 6 && new Set(insets).size === 1;
          }
          """);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "starting, What the status page says",
    "starting: waiting for the database, AttolyticsDatabaseAway",
    "the database is unreachable, AttolyticsDatabaseAway"
  })
  void notReadyWithoutAnOutage_isWrongToo(String reason, String entry) {
    report.put("ready", "false");
    report.put("reason", "\"" + reason + "\"");
    open();
    assertContains(reason, now());
    assertEquals("Runbook: " + entry, page.textContent("#now a"));
  }

  @Test
  void busyWriters_sayWhatToDo() {
    report.put("busyShare", "0.97");
    open();
    assertEquals("The database is the bottleneck. Runbook: Sizing", page.textContent("#busy-note"));
  }

  @Test
  void refusedReload_isWrongNow() {
    report.put("schemaRefused", time(60));
    open();
    assertContains("a reload was refused ", now());
    assertTrue(!now().contains("Nothing is wrong"), now());
    assertEquals("Runbook: AttolyticsReloadRefused", page.textContent("#now a"));
  }

  @Test
  void shades_tellStartOutageAndLockApart() {
    report.put("isReady", points(1, 59, 50, 0));
    open();
    assertKey("starting");
    report.put("outages", "[" + outage("service", "the database is unreachable", 300, 50) + "]");
    page.clock().runFor(PERIOD_MILLIS);
    assertKey("unready");
    report.put("isReady", points(1));
    report.put("outages", "[" + outage("process", "this process did not run", 20, 10) + "]");
    page.clock().runFor(PERIOD_MILLIS);
    page.locator("#outages:has-text('this process did not run')").waitFor();
    assertEquals(0, page.locator("#key > span:visible").count()); // a gap says it
    report.put("outages", "[" + outage("table t", "table t is locked", 20, -1) + "]");
    page.clock().runFor(PERIOD_MILLIS);
    assertKey("held");
  }

  /** The meaning of one shade is shown, and of no other. */
  private void assertKey(String kind) {
    page.locator("#key-" + kind).waitFor();
    assertEquals(1, page.locator("#key > span:visible").count());
  }

  @Test
  void shortPeak_doesNotSpoilTheScale() {
    report.put("rows", points(100, 30, 29, 100_000));
    open();
    assertKey("clipped");
    assertEquals(
        "3 9 100 0",
        page.evaluate(
            """
            async () => {
              const {usualMax} = await import('./charts.js');
              const series = (...parts) => parts.flatMap(([length, value]) => Array(length).fill(value));
              return [series([300, 3]), series([100, 3], [200, 9]), series([290, 100], [10, 9000]), series([9, 0])]
                .map(usualMax).join(' ');
            }
            """));
  }

  @Test
  void tenOutages_areShownAtOnce() {
    report.put(
        "outages",
        IntStream.range(1, 13)
            .mapToObj(
                i -> outage("service", "the database is unreachable", 1_000L * i, 1_000L * i - 9))
            .collect(Collectors.joining(",", "[", "]")));
    open();
    assertEquals(10, page.locator("#outage tbody tr").count());
    page.locator("#outages button:text-is('Show all 12')").click();
    assertEquals(12, page.locator("#outage tbody tr").count());
  }

  @Test
  void ones_areSingular() {
    open();
    assertEquals(
        List.of("1 row/s", "0 requests answered/s"),
        page.locator("#throughput > span").allTextContents());
    assertEquals("1 row committed since the start", page.textContent("#throughput-note"));
    assertContains("1 flush/s, 1 row each", page.textContent("#flushes-note"));
  }
}
