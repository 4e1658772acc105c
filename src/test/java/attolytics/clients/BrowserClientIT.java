package attolytics.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.Eventually;
import attolytics.HeadlessBrowser;
import attolytics.app.RunningService;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The queue of the JavaScript client in pages that are left, reloaded, crash, or are in many tabs.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class BrowserClientIT {
  private static final String SCHEMA =
      """
      tables:
        events: {columns: [{name: client}, {name: n, type: i32}, {name: pad}]}
      apps:
        app: {secret_key: sesame, tables: [events]}
      """;

  /** Milliseconds until the client sends events. */
  private static final int SOON = 50;

  private static final int NEVER = 3_600_000;

  private HeadlessBrowser browser;
  private RunningService service;
  private TrackingSite site;
  private ServiceLink link;
  private BrowserContext user;
  private Page page;

  @BeforeAll
  void start() throws Exception {
    browser = HeadlessBrowser.open();
    service = RunningService.start(SCHEMA, "");
    site = new TrackingSite();
  }

  @AfterAll
  void stop() throws Exception {
    if (browser != null) {
      browser.close();
      service.close();
      site.close();
    }
  }

  @BeforeEach
  void openPage() throws Exception {
    service.execute("TRUNCATE events");
    link = new ServiceLink();
    link.leadTo(service.service().port());
    user = browser.newContext();
    page = user.newPage();
  }

  @AfterEach
  void closePage() throws Exception {
    user.close();
    link.close();
  }

  private void open(Page page, int interval) {
    page.navigate(site.page(link.url(), interval));
  }

  private static void track(Page page, int first, int count) {
    page.evaluate("([first, count]) => track(first, count)", List.of(first, count));
  }

  /** How many batches are in the storage. */
  private int saved(Page page) {
    return (Integer) page.evaluate("Object.keys(localStorage).length");
  }

  /** Waits until nothing is left to send. */
  private void awaitSent(Page page) throws Exception {
    Eventually.await("the queue is empty", () -> saved(page) == 0);
  }

  private void awaitRows(int rows) throws Exception {
    Eventually.await(rows + " rows", () -> Integer.parseInt(rows()) >= rows);
    assertEquals(String.valueOf(rows), rows());
  }

  private String rows() throws Exception {
    return service.query("SELECT count(*) FROM events");
  }

  private void assertStoredOnce(int count) throws Exception {
    assertEquals(
        "%1$d %1$d".formatted(count),
        service.query("SELECT count(*) || ' ' || count(DISTINCT n) FROM events"));
  }

  @Test
  void pageThatIsLeft_sendsItsEvents() throws Exception {
    open(page, NEVER);
    track(page, 0, 3);
    page.navigate("about:blank");
    awaitRows(3);
  }

  @Test
  void nextPage_storesNothingAgain() throws Exception {
    open(page, NEVER);
    track(page, 0, 3);
    page.navigate("about:blank");
    awaitRows(3);
    open(page, SOON);
    assertEquals(1, saved(page)); // as nobody saw the answer
    awaitSent(page);
    assertEquals(1, link.replayed());
    assertStoredOnce(3);
  }

  @Test
  void pageThatIsLeft_sendsAtMost64Kibibytes() throws Exception {
    open(page, NEVER);
    Object bytes =
        page.evaluate(
            """
            () => {
              let bytes = 0;
              window.fetch = async (url, { keepalive, body }) => {
                bytes += keepalive ? body.length : 0;
                throw new TypeError();
              };
              track(0, 6, "x".repeat(29_000));
              dispatchEvent(new PageTransitionEvent("pagehide"));
              track(6, 1, "x".repeat(29_000));
              return bytes;
            }
            """);
    assertEquals(58_000, (Integer) bytes, 1_000); // one batch of four
    open(page, SOON);
    awaitSent(page);
    assertStoredOnce(7);
  }

  /** Ways to leave a page. */
  private enum Leaving {
    CLOSE {
      @Override
      void leave(Page page) {
        page.close();
      }
    },
    CLOSE_BY_USER {
      @Override
      void leave(Page page) {
        AtomicBoolean closed = new AtomicBoolean();
        page.onClose(gone -> closed.set(true));
        page.close(new Page.CloseOptions().setRunBeforeUnload(true));
        page.context().waitForCondition(closed::get);
      }
    },
    RELOAD {
      @Override
      void leave(Page page) {
        page.reload();
      }
    },
    NAVIGATE {
      @Override
      void leave(Page page) {
        page.navigate("about:blank");
      }
    },
    NAVIGATE_THEN_CLOSE {
      @Override
      void leave(Page page) {
        page.navigate("about:blank");
        page.close();
      }
    },
    BACK {
      @Override
      void leave(Page page) {
        page.goBack();
      }
    };

    abstract void leave(Page page);
  }

  /** Tracks four events in listeners that are called after the client's. */
  private void trackWhileLeft(Page page) {
    page.evaluate(
        """
        () => {
          addEventListener("pagehide", () => {
            track(1, 1);
            queueMicrotask(() => track(2, 1));
          });
          document.addEventListener("visibilitychange", () => track(3, 1));
          addEventListener("unload", () => track(4, 1));
        }
        """);
  }

  @ParameterizedTest
  @EnumSource
  void pageThatIsLeft_leavesWhatItTracksThenToTheNext(Leaving way) throws Exception {
    open(page, NEVER);
    open(page, NEVER); // so that there is a page to go back to
    link.cut();
    track(page, 0, 1);
    trackWhileLeft(page);
    way.leave(page);
    link.restore();
    Page next = user.newPage();
    open(next, NEVER);
    awaitRows(5);
    awaitSent(next);
    assertStoredOnce(5);
  }

  @ParameterizedTest
  @EnumSource(names = {"CLOSE", "CLOSE_BY_USER", "NAVIGATE", "NAVIGATE_THEN_CLOSE"})
  void pageThatIsLeft_sendsWhatItTracksThen(Leaving way) throws Exception {
    open(page, NEVER);
    track(page, 0, 1);
    trackWhileLeft(page);
    way.leave(page);
    awaitRows(5);
  }

  /** As in a page that is not frozen at once, or never. */
  @Test
  void timerOfPageThatIsLeft_savesItsEvents() throws Exception {
    open(page, NEVER);
    link.cut();
    page.evaluate(
        """
        async () => {
          dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
          await new Promise((resolve) => setTimeout(resolve));
          track(0, 2);
        }
        """);
    assertEquals(2, saved(page)); // batches that are complete, as the page has no lock
    link.restore();
    open(user.newPage(), NEVER);
    awaitSent(page);
    assertStoredOnce(2);
  }

  @Test
  void pageWithFullStorage_sendsWhatItTracksWhenItIsLeft() throws Exception {
    open(page, NEVER);
    page.evaluate("localStorage.full = 'x'.repeat(5 * 1024 * 1024 - 4)");
    trackWhileLeft(page);
    track(page, 0, 1);
    assertEquals(1, saved(page));
    page.navigate("about:blank");
    awaitRows(5);
  }

  @Test
  void events_surviveReloadsWhileTheServiceIsAway() throws Exception {
    link.cut();
    open(page, SOON);
    track(page, 0, 250);
    page.reload();
    track(page, 250, 250);
    page.reload();
    link.restore();
    awaitSent(page);
    assertStoredOnce(500);
  }

  @Test
  void browserThatComesOnline_sendsAtOnce() throws Exception {
    open(page, SOON);
    page.evaluate("Math.random = () => 1_000"); // it would try again in a quarter of an hour
    user.setOffline(true);
    AtomicBoolean failed = new AtomicBoolean();
    page.onRequestFailed(request -> failed.set(true));
    track(page, 0, 10);
    page.waitForCondition(failed::get);
    user.setOffline(false);
    awaitSent(page);
    assertStoredOnce(10);
  }

  @Test
  void pageThatCrashes_leavesItsEventsToAnother() throws Exception {
    open(page, SOON);
    Page living = user.newPage();
    open(living, NEVER);
    track(living, 0, 5);
    Page crashing = user.newPage();
    open(crashing, NEVER);
    track(crashing, 5, 10);
    Eventually.await("they are saved", () -> saved(page) == 2);
    assertThrows(PlaywrightException.class, () -> crashing.navigate("chrome://crash"));
    awaitRows(10);
    track(living, 15, 5);
    living.evaluate("client.flush()");
    assertStoredOnce(20);
  }

  /** Without the lock, another page could send a batch that still grows. */
  @Test
  void openBatch_isSavedOnceThePageHasItsLock() throws Exception {
    page.addInitScript(
        """
        const request = LockManager.prototype.request;
        LockManager.prototype.request = async function (...lock) {
          await new Promise((resolve) => (window.grant = resolve));
          return request.apply(this, lock);
        };
        """);
    open(page, NEVER);
    track(page, 0, 1);
    assertEquals(0, saved(page));
    page.evaluate("grant()");
    Eventually.await("it is saved", () -> saved(page) == 1);
  }

  @Test
  void completeBatch_isSavedBeforeThePageHasItsLock() throws Exception {
    page.addInitScript("LockManager.prototype.request = () => new Promise(() => {})");
    open(page, NEVER);
    page.evaluate("() => { fetch = () => new Promise(() => {}); }"); // for the first batch
    track(page, 0, 250);
    assertEquals(2, saved(page));
    page.evaluate("() => { client.flush(); }");
    assertEquals(3, saved(page));
  }

  @Test
  void severalTabs_storeEachEventOnce() throws Exception {
    List<Page> tabs = List.of(page, user.newPage(), user.newPage());
    for (Page tab : tabs) {
      open(tab, SOON);
    }
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < tabs.size(); i++) {
        track(tabs.get(i), round * 100 + i * 30, 30);
      }
      tabs.get(round % 2).reload();
    }
    tabs.get(1).close();
    awaitSent(page);
    assertStoredOnce(450);
  }

  /** As if from the back/forward cache. */
  @Test
  void pageThatComesBack_savesEventsAgain() throws Exception {
    open(page, NEVER);
    page.evaluate(
        """
        () => {
          track(0, 1);
          dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
          dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        }
        """);
    awaitSent(page);
    track(page, 1, 1);
    Eventually.await("it is saved", () -> saved(page) == 1);
    page.evaluate("client.flush()");
    assertEquals(0, saved(page));
    assertStoredOnce(2);
  }

  @Test
  void pageThatComesBack_takesOverAgainWhatOthersLeave() throws Exception {
    open(page, NEVER);
    Page crashing = user.newPage();
    open(crashing, NEVER);
    track(crashing, 0, 5);
    Eventually.await("it is saved", () -> saved(page) == 1);
    page.evaluate(
        """
        () => {
          dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
          dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        }
        """);
    assertThrows(PlaywrightException.class, () -> crashing.navigate("chrome://crash"));
    awaitRows(5);
  }

  /** The system may end it without further notice. */
  @Test
  void pageThatIsHidden_sendsItsEvents() throws Exception {
    open(page, NEVER);
    track(page, 0, 1);
    page.evaluate(
        """
        () => {
          Object.defineProperty(document, "hidden", { value: true });
          document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
        }
        """);
    awaitRows(1);
  }

  /** The disk has an older state of the storage than the browser that crashed. */
  @Test
  void storageThatGoesBackInTime_storesNothingTwice() throws Exception {
    open(page, NEVER);
    track(page, 0, 1);
    Eventually.await("it is saved", () -> saved(page) == 1);
    Object before = page.evaluate("({...localStorage})");
    track(page, 1, 1);
    page.evaluate("client.flush()");
    page.evaluate("before => Object.assign(localStorage, before)", before);
    open(page, SOON);
    awaitSent(page);
    assertStoredOnce(2);
  }

  /** As after a crash between saving the parts of a batch and removing the batch. */
  @Test
  void batchThatIsSplitTwice_storesNothingTwice() throws Exception {
    open(page, NEVER);
    track(page, 0, 1);
    page.evaluate("client.track({_t: 'events', n: 'x'})");
    Eventually.await("it is saved", () -> saved(page) == 1);
    Object before = page.evaluate("({...localStorage})");
    page.evaluate("client.flush()");
    page.evaluate("before => Object.assign(localStorage, before)", before);
    open(page, SOON);
    awaitSent(page);
    assertStoredOnce(1);
  }

  @Test
  void pageWithoutStorage_sendsItsEvents() throws Exception {
    page.addInitScript("delete Navigator.prototype.locks");
    open(page, SOON);
    track(page, 0, 1);
    awaitRows(1);
    track(page, 1, 1);
    page.navigate("about:blank");
    awaitRows(2);
  }

  @Test
  void invalidEvents_areReported() throws Exception {
    open(page, SOON);
    page.evaluate("client.track({_t: 'events', n: 'x'})");
    page.evaluate("client.flush()");
    assertEquals(List.of("type_mismatch"), page.evaluate("dropped"));
    assertEquals(Map.of(), page.evaluate("({...localStorage})"));
  }

  @Test
  void wrongSecretKey_leavesTheEventsToAPageWithTheRightOne() throws Exception {
    page.navigate(site.page(link.url(), SOON) + "&key=wrong");
    track(page, 0, 3);
    page.waitForFunction("retried.length > 0");
    assertEquals("wrong_secret_key", page.evaluate("retried[0]"));
    assertEquals(List.of(), page.evaluate("dropped"));
    open(page, SOON);
    awaitSent(page);
    assertStoredOnce(3);
  }

  @Test
  void webPageInsteadOfAnAnswer_keepsTheEvents() throws Exception {
    page.navigate(site.page("http://localhost:" + site.port() + "/", SOON));
    track(page, 0, 3);
    page.waitForFunction("retried.length > 0");
    assertEquals("http_200", page.evaluate("retried[0]"));
    assertEquals(1, saved(page));
  }

  @Test
  void lenientHandling_quarantinesInvalidEvents() throws Exception {
    page.navigate(site.page(link.url(), NEVER) + "&lenient=true");
    track(page, 0, 2);
    page.evaluate("client.track({_t: 'events', n: 'x'})");
    page.evaluate("client.flush()");
    assertEquals(List.of("quarantined"), page.evaluate("dropped"));
    assertEquals("1", service.query("SELECT count(*) FROM attolytics_quarantine"));
    assertStoredOnce(2);
    assertEquals(1, link.delivered());
  }
}
