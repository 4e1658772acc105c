package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.HeadlessBrowser;
import attolytics.app.RunningService;
import com.microsoft.playwright.Page;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Pages in a real browser, served from one origin, that post to the service at another. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BrowserIT {
  /** Posts an event in several ways, and returns what the page gets to see of the answer. */
  private static final String PAGE =
      """
      <!doctype html>
      <title>A page</title>
      <script>
        const body = event => JSON.stringify({
          secret_key: 'sesame',
          events: [{_t: 'events', platform: 'web', version: '1', event_type: 'start', ...event}]
        });

        async function post(url, event, options) {
          try {
            const answer = await fetch(url, {
              method: 'POST',
              headers: {'Content-Type': 'application/json'},
              body: body(event),
              ...options
            });
            const text = await answer.text();
            return answer.status + (text ? ' ' + JSON.parse(text).errors[0].code : '');
          } catch (e) {
            return e.name;
          }
        }

        const compressed = event => new Response(
          new Blob([body(event)]).stream().pipeThrough(new CompressionStream('gzip'))).blob();

        const beacon = (url, event) =>
          navigator.sendBeacon(url, new Blob([body(event)], {type: 'application/json'}));
      </script>
      """;

  private HttpServer pages;
  private RunningService service;
  private HeadlessBrowser browser;
  private Page page;

  @BeforeAll
  void start() throws Exception {
    browser = HeadlessBrowser.open();
    pages = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
    pages.createContext("/", BrowserIT::serve);
    pages.start();
    String schema =
        Files.readString(Path.of("schema-example.conf.yaml"))
            + "  any: {secret_key: sesame, tables: [events]}\n"
            + "  site: {secret_key: sesame, tables: [events],"
            + " access_control_allow_origin: 'http://example.com'}\n";
    service = RunningService.start(schema.replace("http://example.com", site()), "");
  }

  private static void serve(HttpExchange exchange) throws IOException {
    byte[] page = PAGE.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
    exchange.sendResponseHeaders(200, page.length);
    exchange.getResponseBody().write(page);
    exchange.close();
  }

  @AfterAll
  void stop() throws Exception {
    if (service != null) {
      service.close();
      pages.stop(0);
      browser.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    service.execute("TRUNCATE events");
    page = browser.newPage();
    page.navigate(site());
  }

  @AfterEach
  void close() {
    page.close();
  }

  /** The origin that the app {@code site} allows. */
  private String site() {
    return "http://localhost:" + pages.getAddress().getPort();
  }

  /** The same pages, and yet to a browser those of somebody else. */
  private String otherSite() {
    return site().replace("localhost", "127.0.0.1");
  }

  private String url(String app) {
    return "http://localhost:" + service.service().port() + "/apps/" + app + "/events";
  }

  private Object run(String script, String app) {
    return page.evaluate("url => " + script, url(app));
  }

  private void assertRows(int rows) throws Exception {
    assertEquals(String.valueOf(rows), service.query("SELECT count(*) FROM events"));
  }

  private void awaitRow() throws Exception {
    Eventually.await(() -> !service.query("SELECT count(*) FROM events").equals("0"));
    assertRows(1);
  }

  @Test
  void fetch_fromAllowedOrigin_isStored() throws Exception {
    assertEquals("200", run("post(url, {score: 42})", "site"));
    assertEquals("42", service.query("SELECT score FROM events"));
  }

  @Test
  void fetch_canSendEncodingAuthorizationAndIdempotencyKey() throws Exception {
    String script =
        """
        compressed({score: 42}).then(body => post(url, {}, {
          headers: {
            'Content-Type': 'application/json',
            'Content-Encoding': 'gzip',
            'Authorization': 'Bearer sesame',
            'Idempotency-Key': 'a-key'
          },
          body: body
        }))
        """;
    assertEquals("200", run(script, "site"));
    assertEquals("42", service.query("SELECT score FROM events"));
  }

  @Test
  void fetch_canReadAProblemDocument() throws Exception {
    assertEquals("400 type_mismatch", run("post(url, {score: 'x'})", "site"));
    assertEquals("400 type_mismatch", run("post(url, {score: 'x'})", "any"));
    assertRows(0);
  }

  @Test
  void fetch_fromAnotherOrigin_failsAndStoresNothing() throws Exception {
    String refusals = "attolytics_http_requests_total{app=\"site\",status=\"403\"}";
    double before = service.metric(refusals);
    page.navigate(otherSite());
    assertEquals("TypeError", run("post(url, {})", "site"));
    assertEquals(1, service.metric(refusals) - before); // by the service, not by the browser alone
    assertRows(0);
    assertEquals("200", run("post(url, {})", "any"));
  }

  @Test
  void fetch_withAnotherMethod_isBlockedByTheBrowser() throws Exception {
    assertEquals("TypeError", run("post(url, {}, {method: 'PUT'})", "site"));
    assertRows(0);
  }

  @Test
  void fetch_withKeepalive_outlivesThePage() throws Exception {
    run("{ onpagehide = () => post(url, {}, {keepalive: true}); }", "site");
    page.navigate("about:blank");
    awaitRow();
  }

  @Test
  void beacon_ofAllowedOrigin_outlivesThePage() throws Exception {
    run("{ onpagehide = () => beacon(url, {}); }", "site");
    page.navigate("about:blank");
    awaitRow();
  }

  @Test
  void beacon_isBlockedByTheBrowserIfAnyOriginIsAllowed() throws Exception {
    AtomicReference<@Nullable String> failed = new AtomicReference<>();
    page.onRequestFailed(request -> failed.set(request.url()));
    assertEquals(true, run("beacon(url, {})", "any"));
    page.waitForCondition(() -> url("any").equals(failed.get()));
    assertRows(0);
  }

  @Test
  void sandboxedFrame_canPostIfAnyOriginIsAllowed() throws Exception {
    String frame =
        """
        new Promise(resolve => {
          const frame = document.createElement('iframe');
          frame.sandbox = 'allow-scripts';
          frame.srcdoc = document.documentElement.outerHTML
            + `<script>post('${url}', {}).then(seen => parent.postMessage(seen, '*'))<\\/script>`;
          addEventListener('message', message => resolve(message.data), {once: true});
          document.body.append(frame);
        })
        """;
    assertEquals("TypeError", run(frame, "site"));
    assertRows(0);
    assertEquals("200", run(frame, "any"));
    assertRows(1);
  }

  @Test
  void documentedScript_storesItsEvent() throws Exception {
    Matcher script =
        Pattern.compile("```js\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("docs", "api.md")));
    assertTrue(script.find(), "docs/api.md has no script");
    String here = "http://localhost:" + service.service().port();
    page.evaluate("() => {" + script.group(1).replace("http://localhost:8000", here) + "}");
    page.navigate("about:blank");
    awaitRow();
  }
}
