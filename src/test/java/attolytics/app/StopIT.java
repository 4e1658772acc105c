package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.Eventually;
import attolytics.TestDatabase;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.xnio.XnioIoThread;

/** A stop comes to its end, whatever else does not. */
@Timeout(120)
class StopIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private static final String EVENT = "{\"_t\":\"t\",\"id\":1}";

  /** Far more than a stop with a drain timeout of a second may take, and less than a hang. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void jarThatIsOverwritten_keepsNoStopFromEnding() throws Exception {
    Path jar = Files.copy(JarProcess.JAR, directory.resolve("attolytics.jar"));
    try (TestDatabase database = TestDatabase.create();
        JarProcess service =
            JarProcess.start(
                List.of(),
                jar,
                Map.of("ATTOLYTICS_DB_URL", database.url()),
                "--schema=schema-example.conf.yaml",
                "--port=0",
                "--admin_port=0")) {
      assertEquals(200, service.post());
      Files.write(jar, new byte[(int) Files.size(jar)]); // the same file, with nothing in it
      int exitCode = assertTimeoutPreemptively(PATIENCE, service::stop, service.err());
      assertTrue(exitCode == 0 || exitCode == 1, "exit code " + exitCode);
    }
  }

  /** Nor is its server, which cannot be closed then. */
  @Test
  void ioThreadThatIsStuck_isNotWaitedForAfterTheDrainTimeout() throws Exception {
    CountDownLatch free = new CountDownLatch(1);
    try (RunningService service = RunningService.start(SCHEMA, "", "--drain_timeout=1s")) {
      List<XnioIoThread> before = ioThreads();
      assertEquals(200, service.post(EVENT).statusCode());
      for (XnioIoThread thread : before) {
        thread.execute(() -> await(free));
      }
      boolean drained = assertTimeoutPreemptively(PATIENCE, () -> service.service().stop());
      assertFalse(drained);
    } finally {
      free.countDown();
    }
  }

  private static List<XnioIoThread> ioThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(XnioIoThread.class::isInstance)
        .map(XnioIoThread.class::cast)
        .toList();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void silentDatabase_isNotWaitedForAfterTheDrainTimeout() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        DatabaseProxy proxy = new DatabaseProxy(database);
        RunningService service =
            RunningService.startAt(
                proxy.url(),
                database,
                SCHEMA,
                "--drain_timeout=1s",
                // Else this would end the stop as well, within our patience.
                "--ack_timeout=10m")) {
      assertEquals(200, service.post(EVENT).statusCode());
      proxy.stall();
      CompletableFuture<HttpResponse<String>> answer = service.postAsync(EVENT);
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 1);
      assertFalse(assertTimeoutPreemptively(PATIENCE, () -> service.service().stop()));
      assertEquals(503, answer.get().statusCode(), answer.get().body());
    }
  }

  @Test
  void farewell_says503_afterEverythingIsWritten_andWarnsOfNothing() throws Exception {
    CountDownLatch hurry = new CountDownLatch(1);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger logger = (Logger) LoggerFactory.getLogger("attolytics.http.Responder");
    logger.addAppender(logged);
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertEquals(200, service.post(EVENT).statusCode());
      Thread writer = writer();
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(
              () -> service.service().stop(hurry, new DrainGrace(PATIENCE, PATIENCE)));
      writer.join();
      for (int i = 0; i < 3; i++) {
        // On a connection of its own, which is what a proxy does once it was told.
        String answer = service.raw("POST /apps/a/events HTTP/1.1\r\nHost: x\r\n\r\n", false);
        assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
        assertTrue(answer.contains("draining"), answer);
      }
      assertFalse(drained.isDone());
      hurry.countDown();
      assertTrue(drained.get());
    } finally {
      logger.detachAppender(logged);
    }
    List<ILoggingEvent> refusals =
        logged.list.stream().filter(e -> e.getFormattedMessage().contains("draining")).toList();
    assertFalse(refusals.isEmpty());
    assertTrue(refusals.stream().allMatch(e -> e.getLevel() == Level.INFO), refusals::toString);
  }

  /** Else a proxy's next request, a second or two after the 503, could meet the close. */
  @Test
  void port_isNotClosedLongAfterTheLast503() throws Exception {
    DrainGrace grace = new DrainGrace(Duration.ZERO, PATIENCE.dividedBy(4));
    try (RunningService service = RunningService.start(SCHEMA, "");
        Connection other = service.database().connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      CompletableFuture<HttpResponse<String>> accepted = service.postAsync(EVENT);
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 1);
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(() -> service.service().stop(new CountDownLatch(1), grace));
      String request = "GET /apps/a/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      Eventually.await(() -> service.raw(request, false).startsWith("HTTP/1.1 503 "));
      TimeUnit.SECONDS.sleep(1); // the proxy has received it, and may ask any time from now on
      other.rollback();
      assertEquals(200, accepted.get().statusCode());
      assertEquals(503, service.post(EVENT).statusCode());
      assertTrue(drained.get());
    }
  }

  private static Thread writer() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("writer-0"))
        .findFirst()
        .orElseThrow();
  }

  /** What a stop has nothing to do in takes its time all the same. */
  @Test
  void farewell_lastsHalfASecond() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      long start = System.nanoTime();
      assertTrue(service.service().stop(new CountDownLatch(1)));
      assertTrue(Duration.ofNanos(System.nanoTime() - start).toMillis() >= 500);
    }
  }

  @Test
  void farewell_endsWithTheDrainTimeout() throws Exception {
    DrainGrace endless = new DrainGrace(PATIENCE.multipliedBy(2), PATIENCE.multipliedBy(2));
    try (RunningService service = RunningService.start(SCHEMA, "", "--drain_timeout=1s")) {
      CountDownLatch hurry = new CountDownLatch(1);
      assertTimeoutPreemptively(PATIENCE, () -> service.service().stop(hurry, endless));
    }
  }

  @Test
  void bodyThatBeganToArriveAfterTheDrain_isRefusedBeforeThePortCloses() throws Exception {
    CountDownLatch hurry = new CountDownLatch(1);
    try (RunningService service = RunningService.start(SCHEMA, "");
        Socket client = new Socket("localhost", service.service().port())) {
      Thread writer = writer();
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(
              () -> service.service().stop(hurry, new DrainGrace(PATIENCE, PATIENCE)));
      writer.join();
      String head = "POST /apps/a/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
      client.getOutputStream().write((head + "{").getBytes(StandardCharsets.US_ASCII));
      Eventually.await(() -> service.metric("attolytics_buffer_bytes") > 0);
      hurry.countDown();
      client.setSoTimeout((int) PATIENCE.toMillis());
      String answer = new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
      drained.join();
    }
  }
}
