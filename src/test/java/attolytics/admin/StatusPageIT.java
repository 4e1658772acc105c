package attolytics.admin;

import static com.microsoft.playwright.options.WaitForSelectorState.HIDDEN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.HeadlessBrowser;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.options.ColorScheme;
import java.util.ArrayList;
import java.util.List;
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
  private final List<String> asked = new ArrayList<>();

  @BeforeAll
  void start() throws Exception {
    browser = HeadlessBrowser.open();
    database = TestDatabase.create();
    way = new DatabaseProxy(database);
    service = RunningService.startAt(way.url(), database, SCHEMA);
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
    page.onPageError(complaints::add);
    page.onRequest((Request request) -> asked.add(request.url()));
    page.navigate(url());
    page.locator("#all").waitFor();
  }

  @AfterEach
  void close() {
    page.close();
    complaints.clear();
    asked.clear();
  }

  private String url() {
    return "http://localhost:" + service.service().adminPort() + "/";
  }

  private void awaitState(String text) {
    page.locator("#state:text-is(\"" + text + "\")").waitFor();
  }

  /** The cells behind a row's heading. */
  private List<String> cells(String body, String heading) {
    Locator row = page.locator("#" + body + " tr:has(th:text-is(\"" + heading + "\"))");
    return row.locator("td").allTextContents();
  }

  private String metric(String name) throws Exception {
    return String.valueOf((long) service.metric(name));
  }

  @Test
  void page_agreesWithTheMetrics() throws Exception {
    awaitState("Ready");
    assertEquals(
        metric("attolytics_events_committed_total{table=\"t\"}"), cells("tables", "t").get(1));
    assertEquals("41", cells("tables", "t").get(1));
    assertEquals(List.of("23", "42", "1", "1"), cells("apps", "a"));
    assertEquals(
        List.of(metric("attolytics_http_requests_total{app=\"a\",status=\"200\"}")),
        cells("answers", "200"));
    assertEquals(List.of("1"), cells("answers", "400"));
    assertEquals(List.of("1"), cells("rejected", "invalid events"));
    assertEquals("41 rows committed since the start", page.textContent("#rows-note"));
    assertEquals("answers", page.textContent("#database"));
    assertEquals("0%", page.textContent("#buffer"));
  }

  @Test
  void pageThatIsJustOpened_showsTheHistory() {
    Locator plots = page.locator("figure svg");
    assertEquals(6, plots.count());
    for (int i = 0; i < plots.count(); i++) {
      String name = String.valueOf(plots.nth(i).getAttribute("aria-label"));
      assertTrue(name.contains(" over the last 5 minutes: at most "), name);
    }
    assertTrue(
        String.valueOf(page.getAttribute("#p-rows svg .first", "d")).contains("L"),
        "one point is no line");
  }

  @Test
  void page_showsWhatIsInQuarantine_withoutValues() throws Exception {
    assertTrue(!page.isVisible("#quarantine"), "it is empty");
    service.execute(
        "INSERT INTO attolytics_quarantine"
            + " (received_at, app, table_name, code, pointer, detail, event)"
            + " SELECT now(), 'a', 't', 'too_long', '/name', 'not hunter2', '{}'"
            + " FROM generate_series(1, 1234)");
    page.locator("#quarantine").waitFor();
    assertEquals(List.of("too long", "1,234"), cells("quarantined", "a"));
    assertEquals(5, page.locator("#newest tr").count());
    assertEquals(
        List.of("a", "t", "too long", "/name"),
        page.locator("#newest tr").first().locator("td").allTextContents());
    assertTrue(!service.admin("/status.json").contains("hunter2"));
    service.execute("DELETE FROM attolytics_quarantine");
    page.locator("#quarantine").waitFor(new Locator.WaitForOptions().setState(HIDDEN));
  }

  @Test
  void page_updatesItself() throws Exception {
    String before = cells("apps", "com.example.an_app_with_a_long_name_on_a_small_screen").get(0);
    assertEquals("0", before);
    service.send(
        service.to("/apps/com.example.an_app_with_a_long_name_on_a_small_screen/events").GET());
    page.locator(
            "#apps tr:has(th:text-is(\"com.example.an_app_with_a_long_name_on_a_small_screen\")) td:text-is(\"1\")")
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
    assertEquals("does not take rows", page.textContent("#database"));
    assertEquals("status", page.getAttribute("#state", "role"));
    way.open();
    awaitState("Ready");
    page.route("**/status.json", route -> route.abort());
    page.locator("#state.bad").waitFor();
    assertTrue(page.textContent("#state").startsWith("No answer from the service since "));
    page.unroute("**/status.json");
    awaitState("Ready");
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
              for (const element of document.querySelectorAll('h1, h2, p, b, span, th, td, a')) {
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
  void narrowScreen_needsNoHorizontalScrolling() {
    page.setViewportSize(320, 640);
    assertEquals(
        320, ((Number) page.evaluate("() => document.documentElement.scrollWidth")).intValue());
  }

  @Test
  void keyboard_reachesLinksAndScrollableParts() {
    List<String> reached = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      page.keyboard().press("Tab");
      reached.add(
          String.valueOf(
              page.evaluate(
                  "() => document.activeElement.getAttribute('aria-labelledby')"
                      + " ?? document.activeElement.getAttribute('href')")));
    }
    assertEquals(
        List.of(
            "h-tables", "h-apps", "h-answers", "h-rejected", "h-transactions", "metrics", "readyz"),
        reached);
  }
}
