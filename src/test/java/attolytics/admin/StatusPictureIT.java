package attolytics.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.HeadlessBrowser;
import attolytics.app.RunningService;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Takes the README's picture of the status page under traffic. In a usual run that is a picture in
 * {@code target} after some seconds; {@code -Dpicture=deploy/status-page.png} takes the README's,
 * when the charts are full.
 */
class StatusPictureIT {
  private static final String SCHEMA =
      """
      tables:
        events:
          columns:
            - {name: time, type: timestamp, required: true}
            - {name: platform, values: [linux, web, android]}
            - {name: level, type: i32}
          partition_by: {column: time, interval: day}
          retention: 90 days
        purchases:
          columns: [{name: id, required: true}, {name: cents, type: i64}]
          deduplicate_by: id
      apps:
        com.example.game: {secret_key: s, tables: [events, purchases]}
        com.example.web: {secret_key: s, tables: [events], invalid_events: quarantine}
      """;

  private static final int CLIENTS = 8;
  private static final Pattern TIMES = Pattern.compile("\"time\":\\[([^\\]]+)\\]");
  private static final String PICTURE = System.getProperty("picture", "target/status-page.png");
  private static final int SECONDS = System.getProperty("picture") == null ? 20 : 300;

  private final AtomicBoolean stopped = new AtomicBoolean();

  @Test
  void picture_isTakenUnderTraffic() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try (HeadlessBrowser browser = HeadlessBrowser.open();
        RunningService service = RunningService.start(SCHEMA, "", "--writers=2");
        Page page = browser.newPage()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        running.add(clients.submit(() -> send(service, new Random(client), client)));
      }
      takePicture(page, service);
      stopped.set(true);
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      stopped.set(true);
      clients.shutdown();
      assertTrue(clients.awaitTermination(1, TimeUnit.MINUTES));
    }
  }

  private Void send(RunningService service, Random random, int client) throws Exception {
    int sent = 0;
    while (!stopped.get()) {
      boolean isWeb = client % 4 == 3;
      List<String> events = new ArrayList<>();
      for (int i = 1 + random.nextInt(20); i > 0; i--) {
        events.add(event(random, isWeb, client + "-" + sent++));
      }
      String key = random.nextInt(400) == 0 ? "old" : "s";
      service.send(
          service
              .to("/apps/com.example." + (isWeb ? "web" : "game") + "/events")
              .header("Content-Type", "application/json")
              .header("User-Agent", isWeb ? "Mozilla/5.0 (X11; Linux x86_64)" : "Game/1.4.2")
              .POST(
                  BodyPublishers.ofString(
                      "{\"secret_key\":\"%s\",\"events\":[%s]}"
                          .formatted(key, String.join(",", events)))));
      Thread.sleep(random.nextInt(30));
    }
    return null;
  }

  private static String event(Random random, boolean isWeb, String id) {
    String time = "{\"_t\":\"events\",\"time\":" + System.currentTimeMillis() / 1e3;
    return switch (random.nextInt(isWeb ? 3_000 : 6_000)) {
      case 0 -> time + ",\"platform\":\"amiga\"}";
      case 1 -> time + ",\"level\":\"seven\"}";
      case 2 -> time + ",\"colour\":\"red\"}";
      default -> {
        boolean isPurchase = !isWeb && random.nextInt(10) == 0;
        yield isPurchase
            ? "{\"_t\":\"purchases\",\"id\":\"" + id + "\",\"cents\":499}"
            : time + ",\"platform\":\"" + (isWeb ? "web" : "android") + "\",\"level\":7}";
      }
    };
  }

  private static void takePicture(Page page, RunningService service) throws Exception {
    List<String> complaints = new ArrayList<>();
    page.onConsoleMessage(message -> complaints.add(message.text()));
    page.onPageError(complaints::add);
    page.setViewportSize(1280, 1180);
    page.navigate("http://localhost:" + service.service().adminPort() + "/");
    while (points(service) < SECONDS) {
      page.waitForTimeout(500);
    }
    page.route("**/status.json", StatusPictureIT::answerAsElsewhere);
    page.locator("#name:has-text('events-1')").waitFor();
    page.locator("#database:has-text('PostgreSQL')").waitFor();
    page.screenshot(new Page.ScreenshotOptions().setPath(Path.of(PICTURE)));
    page.unroute("**/status.json");
    assertEquals(List.of(), complaints);
    for (String chart : List.of("throughput", "latency", "flushes", "busy")) {
      assertTrue(drawnPixels(page, chart) > 10, chart);
    }
  }

  /** How many the charts have. */
  private static int points(RunningService service) throws Exception {
    Matcher times = TIMES.matcher(service.admin("/status.json"));
    return times.find() ? times.group(1).split(",", -1).length : 0;
  }

  /** How many pixels of a chart have a colour: those of axes and grid are grey. */
  private static int drawnPixels(Page page, String chart) {
    Object count =
        page.evaluate(
            """
            id => {
              const canvas = document.querySelector('#p-' + id + ' canvas');
              const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              let count = 0;
              for (let i = 0; i < data.length; i += 4) {
                const [least, most] = [Math.min, Math.max].map(f => f(data[i], data[i + 1], data[i + 2]));
                count += data[i + 3] > 200 && most - least > 60;
              }
              return count;
            }
            """,
            chart);
    return ((Number) count).intValue();
  }

  /** With the names that a usual installation has, and not those of the test. */
  private static void answerAsElsewhere(Route route) {
    String report = route.fetch().text();
    route.fulfill(
        new Route.FulfillOptions()
            .setContentType("application/json")
            .setBody(
                report
                    .replaceFirst("\"host\":\"[^\"]*\"", "\"host\":\"events-1\"")
                    .replaceFirst("\"version\":\"development\"", "\"version\":\"0.1.0\"")
                    .replaceFirst(
                        "\"file\":\"[^\"]*\"", "\"file\":\"/etc/attolytics/schema.conf.yaml\"")
                    .replaceFirst(
                        "\"url\":\"postgres:[^\"]*\"",
                        "\"url\":\"postgres://attolytics@db:5432/attolytics\"")
                    .replaceFirst("\"name\":\"attolytics_test[^\"]*\"", "\"name\":\"attolytics\"")
                    .replaceFirst(
                        "\"url\":\"http://localhost:\\d+\"", "\"url\":\"http://localhost:8000\"")));
  }
}
