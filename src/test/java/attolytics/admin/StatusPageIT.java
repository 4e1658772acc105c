package attolytics.admin;

import static com.microsoft.playwright.options.WaitForSelectorState.HIDDEN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.HeadlessBrowser;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The status page in a real browser, beside the metrics. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class StatusPageIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i64}]}
        a_table_with_quite_a_long_name_as_some_people_like_to_give_them: {columns: [{name: n}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
        com.example.an_app_with_a_long_name_on_a_small_screen: {secret_key: sesame, tables: [t]}
      """;

  private static final double PATIENCE_MILLIS = 60_000;

  private TestDatabase database;
  private DatabaseProxy way;
  private RunningService service;
  private HeadlessBrowser browser;
  private Page page;
  private final List<String> complaints = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final List<String> asked = new ArrayList<>();

  @BeforeAll
  void start() throws Exception {
    browser = HeadlessBrowser.open();
    database = TestDatabase.create();
    way = new DatabaseProxy(database);
    service =
        RunningService.startAt(way.url(), database, SCHEMA, "--writers=2", "--ack_timeout=3s");
    for (int i = 0; i < 20; i++) {
      assertEquals(200, service.post("{\"_t\":\"t\",\"n\":1},{\"_t\":\"t\",\"n\":2}").statusCode());
    }
    assertEquals(400, service.post("{\"_t\":\"t\",\"n\":\"x\"}").statusCode());
    assertEquals(200, service.post("key", "{\"_t\":\"t\"}").statusCode());
    assertEquals(200, service.post("key", "{\"_t\":\"t\"}").statusCode());
  }

  @AfterAll
  void stop() throws Exception {
    if (service != null) {
      service.close();
      way.close();
      browser.close();
    }
  }

  @BeforeEach
  void open() {
    page = browser.newPage();
    page.setDefaultTimeout(PATIENCE_MILLIS);
    page.onConsoleMessage((ConsoleMessage message) -> complaints.add(message.text()));
    page.onPageError(errors::add);
    page.onRequest((Request request) -> asked.add(request.url()));
    page.navigate(url());
    page.locator("#all").waitFor();
  }

  @AfterEach
  void close() {
    page.close();
    way.open();
    List<String> thrown = List.copyOf(errors);
    errors.clear();
    complaints.clear();
    asked.clear();
    assertEquals(List.of(), thrown);
  }

  private String url() {
    return "http://localhost:" + service.service().adminPort() + "/";
  }

  private void awaitState(String text) {
    page.locator("#state:text-is(\"" + text + "\")").waitFor();
  }

  /** The cells behind a row's heading. */
  private List<String> cells(String body, String heading) {
    Locator row = page.locator("#" + body + " tr:has(th :text-is(\"" + heading + "\"))");
    return row.locator("td").allTextContents();
  }

  /** The sum of the metrics that begin like this. */
  private String sum(String beginning) throws Exception {
    double sum =
        service
            .admin("/metrics")
            .lines()
            .filter(line -> line.startsWith(beginning))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
            .sum();
    return String.valueOf((long) sum);
  }

  @Test
  void page_agreesWithTheMetrics() throws Exception {
    awaitState("Ready");
    String rows = sum("attolytics_events_committed_total{table=\"t\"}");
    assertEquals(rows, cells("tables", "t").get(1));
    assertEquals(
        List.of(
            sum("attolytics_http_requests_total{app=\"a\""),
            sum("attolytics_requests_refused_total{app=\"a\""),
            sum("attolytics_events_accepted_total{app=\"a\""),
            sum("attolytics_events_rejected_total{app=\"a\""),
            sum("attolytics_duplicates_suppressed_total{app=\"a\"")),
        cells("apps", "a"));
    String invalid = "{app=\"a\",reason=\"invalid_events\"}";
    assertEquals(
        List.of(
            sum("attolytics_requests_refused_total" + invalid),
            sum("attolytics_events_rejected_total" + invalid)),
        cells("refused", "invalid_events"));
    assertEquals(
        List.of(sum("attolytics_http_requests_total{app=\"a\",status=\"400\"}")),
        cells("answers", "400"));
    assertEquals(rows + " rows committed since the start", page.textContent("#throughput-note"));
    assertEquals("0% full", page.textContent("#buffer"));
  }

  @Test
  void facts_tellWhatRunsWhere() throws Exception {
    String version = service.query("SELECT current_setting('server_version')");
    page.locator("#database:has-text(\"PostgreSQL " + version + ", \")").waitFor();
    assertEquals(
        service.query("SELECT current_database()"),
        page.locator("#database p").first().textContent());
    assertEquals("answers", page.textContent("#database .good"));
    String port = ":" + service.service().port();
    assertTrue(page.textContent("#name").endsWith(port), page.textContent("#name"));
    assertTrue(page.title().endsWith(port + ": Ready"), page.title());
    assertTrue(page.textContent("#instance").contains("http://localhost" + port));
    assertTrue(page.textContent("#instance").contains("pid " + ProcessHandle.current().pid()));
    assertTrue(page.textContent("#schema").contains("2 tables, 2 apps"));
    assertEquals("2 writers", page.locator("#writers p").first().textContent());
    assertTrue(!service.admin("/status.json").contains("sesame"));
  }

  @Test
  void writers_showTheirShare() throws Exception {
    service.post("{\"_t\":\"t\"}");
    page.locator("#writers:has-text('of the rows')").waitFor();
    double rows =
        service.metric("attolytics_writer_rows_total{writer=\"0\"}")
            + service.metric("attolytics_writer_rows_total{writer=\"1\"}");
    assertEquals(service.metric("attolytics_events_accepted_total{app=\"a\"}"), rows);
  }

  @Test
  void pageThatIsJustOpened_showsTheHistory() {
    Locator plots = page.locator("figure.plot");
    assertEquals(6, plots.count());
    assertEquals(6, page.locator("figure.plot canvas").count());
    for (int i = 0; i < plots.count(); i++) {
      String name = String.valueOf(plots.nth(i).getAttribute("aria-label"));
      assertTrue(name.contains(" over the last 5 minutes: "), name);
    }
    assertTrue(
        String.valueOf(plots.first().getAttribute("aria-label"))
            .matches(".*rows/s now .*, at most [1-9].*"));
  }

  @Test
  void pointer_showsTheValuesOfItsTimeInAllCharts() {
    Locator at = page.locator("#charts .legend .at");
    assertEquals(List.of("now", "now", "now", "now", "now", "now"), at.allTextContents());
    page.locator("#p-throughput").focus();
    page.keyboard().press("ArrowLeft");
    List<String> times = at.allTextContents();
    assertEquals(1, Set.copyOf(times).size(), times::toString);
    assertTrue(times.get(0).matches("\\d\\d:\\d\\d:\\d\\d"), times::toString);
    page.keyboard().press("ArrowLeft");
    assertNotEquals(times, at.allTextContents());
    page.keyboard().press("Escape");
    assertEquals("now", at.first().textContent());
    page.locator("#p-busy .u-over").hover();
    assertTrue(at.first().textContent().matches("\\d\\d:\\d\\d:\\d\\d"));
  }

  @Test
  void refusals_sayWhatIsWrong_withoutValues() throws Exception {
    for (int i = 0; i < 3; i++) {
      service.send(
          service
              .to("/apps/a/events")
              .header("Content-Type", "application/json")
              .header("User-Agent", "Game/7")
              .POST(
                  BodyPublishers.ofString(
                      "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\"},"
                          + "{\"_t\":\"t\",\"n\":\"hunter2\"}]}")));
    }
    service.post("{\"_t\":\"hunter2\"}");
    service.send(service.to("/apps/com.example.typo/events").GET());
    Locator refusal = page.locator("#refusals tr:has-text('/events/1/n')");
    refusal.waitFor();
    assertEquals(
        List.of("a", "400 invalid_events", "type_mismatch", "/events/1/n"),
        refusal.locator("td").allTextContents().subList(0, 4));
    assertEquals(
        "n of table t must be an integer\nGame/7", refusal.locator("td").last().innerText());
    assertTrue(refusal.locator("th").textContent().contains("times since "));
    page.locator("#refusals tr:has-text('/events/0/_t')").waitFor();
    page.locator("#refusals tr:has-text('com.example.typo'):has-text('404 unknown_app')").waitFor();
    String report = service.admin("/status.json");
    assertTrue(!report.contains("hunter2") && !report.contains("sesame"), report);
  }

  @Test
  void refusalByTheDatabase_isShownByItsConstraint_withoutItsWords() throws Exception {
    service.execute("ALTER TABLE t ADD CONSTRAINT small CHECK (n < 1000)");
    assertEquals(400, service.post("{\"_t\":\"t\",\"n\":987654321}").statusCode());
    String reason = "the database refused it: SQLSTATE 23514, table \"t\", constraint \"small\"";
    page.locator("#refusals tr:has-text('" + reason + "'):has-text('/events/0')").waitFor();
    assertTrue(!service.admin("/status.json").contains("987654321"));
  }

  @Test
  void scale_growsAtOnce_andShrinksWhenItHasRoomAfterwards() {
    assertEquals(
        "10 1000 1000 500 100",
        page.evaluate(
            "async () => {const {linear} = await import('./charts.js'); const scale = linear(1);"
                + " return [9, 900, 450, 390, 60].map(max => scale(max)[1]).join(' ')}"));
    assertEquals(
        "0.1 0.1 10 10 0.1",
        page.evaluate(
            "async () => {const {logarithmic} = await import('./charts.js');"
                + " const scale = logarithmic(0.001, 0.1);"
                + " return [0.002, 0.05, 3, 0.9, 0.05].map(max => scale(max, 0.001)[1]).join(' ')}"));
  }

  @Test
  void page_showsWhatIsInQuarantine_withoutValues() throws Exception {
    assertEquals("empty", page.textContent("#quarantine"));
    assertTrue(!page.isVisible("#in-quarantine"), "it is empty");
    service.execute(
        "INSERT INTO attolytics_quarantine"
            + " (received_at, app, table_name, code, pointer, detail, event)"
            + " SELECT now(), 'a', 't', 'too_long', '/name', 'not hunter2', '{}'"
            + " FROM generate_series(1, 1234)");
    page.locator("#in-quarantine").waitFor();
    assertEquals(List.of("too_long", "1,234"), cells("quarantined", "a"));
    page.locator("#quarantine:has-text('1,234 too_long')").waitFor();
    assertEquals(5, page.locator("#newest tbody tr").count());
    assertEquals(
        List.of("a", "t", "too_long", "/name"),
        page.locator("#newest tbody tr").first().locator("td").allTextContents());
    assertTrue(!service.admin("/status.json").contains("hunter2"));
    service.execute("DELETE FROM attolytics_quarantine");
    page.locator("#in-quarantine").waitFor(new Locator.WaitForOptions().setState(HIDDEN));
  }

  @Test
  void page_updatesItself() throws Exception {
    String before = cells("apps", "com.example.an_app_with_a_long_name_on_a_small_screen").get(0);
    assertEquals("0", before);
    service.send(
        service.to("/apps/com.example.an_app_with_a_long_name_on_a_small_screen/events").GET());
    page.locator(
            "#apps tr:has(th :text-is(\"com.example.an_app_with_a_long_name_on_a_small_screen\"))"
                + " td :text-is(\"1\")")
        .first()
        .waitFor();
  }

  @Test
  void page_loadsNothingFromOtherHosts() {
    page.waitForResponse("**/status.json", () -> {});
    asked.forEach(url -> assertTrue(url.startsWith(url()) || url.startsWith("data:"), url));
    assertEquals(List.of(), complaints);
    for (String attempt :
        List.of(
            "const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i)",
            "document.body.setAttribute('style', 'color: red')",
            "const s = document.createElement('script'); s.text = 'window.evil = 1';"
                + " document.body.append(s)",
            "fetch('http://127.0.0.1:9/').catch(() => {})")) {
      page.evaluate(
          "() => new Promise(blocked => {document.addEventListener('securitypolicyviolation',"
              + " blocked, {once: true}); "
              + attempt
              + "})");
    }
    assertEquals(null, page.evaluate("() => window.evil"));
  }

  @Test
  void problem_isShownUntilItEnds() throws Exception {
    awaitState("Ready");
    way.cut();
    awaitState("Not ready: the database is unreachable");
    assertEquals(
        "the database is unreachable", page.locator("#database .bad").first().textContent());
    assertTrue(
        page.textContent("#now .bad").contains("the database is unreachable, since "),
        page.textContent("#now"));
    page.locator("#log tr:has-text('not ready: the database is unreachable')").waitFor();
    page.locator("#key").waitFor();
    RunningService second = RunningService.start(database, SCHEMA);
    try (Page pageOfSecond = browser.newPage()) {
      pageOfSecond.navigate("http://localhost:" + second.service().adminPort() + "/");
      pageOfSecond.locator("#state:text-is(\"Ready\")").waitFor();
      assertNotEquals(page.textContent("#name"), pageOfSecond.textContent("#name"));
    } finally {
      second.service().stop(); // and not close(), which drops the database
    }
    assertEquals(503, service.post("{\"_t\":\"t\"}").statusCode());
    page.locator(
            "#refusals tr:has-text('database_unavailable')"
                + ":has-text('no connection to the database: ')")
        .waitFor();
    page.locator("#now:has-text('Meanwhile answered: 1 × 503, 0 × 504.')").waitFor();
    assertTrue(
        page.textContent("#transactions").contains("connection failed or lost (SQLSTATE 08)"),
        page.textContent("#transactions"));
    page.locator("#busy:has-text('waiting for the database')").waitFor();
    page.locator("#writers p:has-text('waiting for the database')").first().waitFor();
    page.locator(".legend li:has-text('waiting for the database') .swatch.bad").waitFor();
    page.locator(".legend li:has-text('failed/s') .swatch.bad").waitFor();
    page.locator(".legend li:has-text('503 database_unavailable') .swatch.server-1").waitFor();
    page.locator(".legend li:has-text('400 ') .swatch.client-1").waitFor();
    assertEquals("status", page.getAttribute("#state", "role"));
    Locator outage = page.locator("#outage tbody tr").first();
    assertEquals("now", outage.locator("td").first().textContent());
    way.open();
    awaitState("Ready");
    page.locator("#now:has-text('Nothing is wrong now.')").waitFor();
    assertTrue(page.textContent("#now").contains("the database is unreachable."));
    List<String> cells = outage.locator("td").allTextContents();
    assertTrue(cells.get(0).matches("\\d\\d:\\d\\d:\\d\\d"), cells::toString);
    assertTrue(cells.get(1).matches("(\\d+ min )?\\d+ s"), cells::toString);
    assertEquals(List.of("1", "0"), cells.subList(2, 4));
    assertTrue(cells.get(4).contains("the database is unreachable"), cells::toString);
    page.route("**/status.json", route -> route.abort());
    page.locator("#state.bad").waitFor();
    assertEquals("No answer from the service", page.textContent("#state"));
    page.unroute("**/status.json");
    awaitState("Ready");
  }

  @Test
  void lockedTable_isAnOutage_thoughTheServiceIsReady() throws Exception {
    CompletableFuture<HttpResponse<String>> answer;
    try (Connection blocker = database.connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      answer = service.postAsync("{\"_t\":\"t\"}");
      page.locator(
              "#now .bad:has-text('table t is locked, or accepts no rows at the moment, since ')")
          .waitFor();
      assertEquals(
          "Ready, but requests for table t wait",
          page.textContent("#state"),
          service.admin("/status.json"));
      blocker.rollback();
    }
    assertTrue(List.of(200, 503).contains(answer.get().statusCode()));
    page.locator("#now:has-text('Nothing is wrong now.')").waitFor();
    page.locator("#outage tr:has-text('table t is locked'):has-text('SQLSTATE 55P03')").waitFor();
    awaitState("Ready");
  }

  @Test
  void timeBeyondTheLastBucket_isShownAsMore() {
    page.route(
        "**/status.json",
        route ->
            route.fulfill(
                new Route.FulfillOptions()
                    .setContentType("application/json")
                    .setBody(
                        route
                            .fetch()
                            .text()
                            .replaceFirst("\"requestP50\":[^,]+", "\"requestP50\":44.5")
                            .replaceFirst("\"requestP99\":[^,]+", "\"requestP99\":60"))));
    page.locator("#latency:has-text('44.5 s median'):has-text('> 60 s p99')").waitFor();
    page.unroute("**/status.json");
  }

  @Test
  void pauseOfTheProcess_isAGapOfTheCharts() {
    Object drawn =
        page.evaluate(
            """
            async () => {
              const {Chart} = await import('./charts.js');
              return JSON.stringify([false, true].map(stacked => {
                const series = ['first', 'second'].map(color => ({label: color, color}));
                const chart = new Chart(document.body, {id: 'test', title: '', format: String, series, stacked});
                chart.show([1, 2, 20, 21], [[5, 6, 7, 8], [1, 1, 1, 1]], 60, []);
                return chart.drawn();
              }));
            }
            """);
    assertEquals("[[[5,6,null,8],[1,1,null,1]],[[6,7,null,9],[5,6,null,8]]]", drawn);
  }

  @Test
  void schemaFile_isNamedAsItWasGiven() throws Exception {
    Locator file = page.locator("#schema p").first();
    assertTrue(service.admin("/status.json").contains("\"file\":\"" + file.textContent() + "\""));
    assertEquals(
        Path.of(String.valueOf(file.textContent())).toAbsolutePath().toString(),
        file.getAttribute("title"));
  }

  @Test
  void links_leadToTheParts_andSayWhatIsNew() throws Exception {
    page.setViewportSize(390, 844);
    assertEquals(400, service.post("{\"_t\":\"t\",\"n\":\"x\"}").statusCode());
    page.locator("#to-refusals:text-matches('^Refusals \\\\([1-9]\\\\d* kinds? in 5 min\\\\)$')")
        .click();
    page.waitForFunction(
        "() => Math.abs(document.querySelector('#refusals').getBoundingClientRect().top) < 2");
    page.locator("nav a:text-is('Charts')").click();
    page.waitForFunction(
        "() => Math.abs(document.querySelector('#charts').getBoundingClientRect().top) < 2");
  }

  /** The time is below a chart, and the only thing there. */
  @Test
  void everyChart_showsTheTime_howeverNarrowItIs() {
    for (int width : new int[] {320, 390, 768, 1440}) {
      page.setViewportSize(width, 844);
      page.waitForFunction(
          """
          () => [...document.querySelectorAll('.plot canvas')].every(canvas => {
            const axis = Math.round(26 * devicePixelRatio);
            const {data} = canvas.getContext('2d')
              .getImageData(0, canvas.height - axis + 8, canvas.width, axis - 8);
            return data.some((value, i) => i % 4 === 3 && value > 100);
          })
          """);
    }
  }

  /** Of the CIE, from 0 to 100; and the channel of least value says which hue it is. */
  @ParameterizedTest
  @EnumSource(
      value = ColorScheme.class,
      names = {"LIGHT", "DARK"})
  void reasons_areToldApartByLightness_andKindsByBlue(ColorScheme scheme) {
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
    Object problem =
        page.evaluate(
            """
            () => {
              const style = getComputedStyle(document.documentElement);
              const channels = name => [1, 3, 5].map(i => parseInt(style.getPropertyValue(name).trim().slice(i, i + 2), 16));
              const lightness = ([r, g, b]) => {
                const [x, y, z] = [r, g, b].map(c => c / 255)
                  .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 116 * Math.cbrt(0.2126 * x + 0.7152 * y + 0.0722 * z) - 16;
              };
              for (const [kind, least] of [['client', 2], ['server', 1]]) {
                const colors = [1, 2, 3, 4].map(i => channels(`--${kind}-${i}`));
                const steps = colors.map(lightness).sort((a, b) => a - b);
                if (steps.some((step, i) => i > 0 && step - steps[i - 1] < 14)) {
                  return kind + ' ' + steps;
                }
                if (colors.some(color => color[least] !== Math.min(...color))) {
                  return kind + ' ' + colors;
                }
              }
              return null;
            }
            """);
    assertEquals(null, problem);
  }

  @ParameterizedTest
  @EnumSource(
      value = ColorScheme.class,
      names = {"LIGHT", "DARK"})
  void text_hasEnoughContrast(ColorScheme scheme) {
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
    Object least =
        page.evaluate(
            """
            () => {
              const channels = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number);
              const luminance = color => {
                const [r, g, b] = channels(color).map(c => c / 255)
                  .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const ground = element => {
                const color = getComputedStyle(element).backgroundColor;
                return color === 'rgba(0, 0, 0, 0)' ? ground(element.parentElement) : color;
              };
              let least = 21;
              for (const element of document.querySelectorAll('h1, h2, p, b, span, th, td, a, dt, dd, li, small, code, button')) {
                if (element.textContent.trim() && element.checkVisibility()) {
                  const [a, b] = [getComputedStyle(element).color, ground(element)].map(luminance);
                  least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
                }
              }
              return least;
            }
            """);
    assertTrue(((Number) least).doubleValue() >= 4.5, least + ":1");
  }

  @Test
  void noScreen_needsHorizontalScrolling() {
    for (int width : new int[] {320, 390, 768, 1024, 1440}) {
      page.setViewportSize(width, 640);
      assertEquals(
          width, ((Number) page.evaluate("() => document.documentElement.scrollWidth")).intValue());
      page.waitForFunction(
          "() => [...document.querySelectorAll('.plot')].every(p => p.scrollWidth <="
              + " p.clientWidth)");
    }
  }

  @Test
  void keyboard_reachesChartsAndLinks() {
    List<String> reached = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      page.keyboard().press("Tab");
      reached.add(
          String.valueOf(
              page.evaluate(
                  "() => document.activeElement.getAttribute('href')"
                      + " ?? document.activeElement.id")));
    }
    // Buttons; what there is only after an outage.
    reached.removeIf(id -> id.isEmpty() || id.equals("#outages") || id.startsWith("runbook.md#"));
    assertEquals(
        List.of(
            "#charts",
            "#refusals",
            "#log",
            "#totals",
            "p-throughput",
            "p-latency",
            "p-refused-rate",
            "p-buffer",
            "p-flushes",
            "p-busy",
            "metrics",
            "readyz",
            "status.json",
            "openapi.yaml",
            "runbook.md"),
        reached.subList(0, 15));
  }
}
