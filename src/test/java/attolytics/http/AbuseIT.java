package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.RunningService;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that mean harm, or are badly broken; beside each of them a good one is served. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AbuseIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32}, {name: s}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;
  private static final String PATH = "/apps/a/events";
  private static final int MAX_BODY = 1 << 20;

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service =
        RunningService.start(
            SCHEMA,
            "",
            "--header_timeout=1s",
            "--body_timeout=2s",
            "--idle_timeout=3s",
            "--max_buffer=8MiB");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @AfterEach
  void assertNothingIsReserved() throws Exception {
    assertGoodClientIsServed();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (service.metric("attolytics_buffer_bytes") != 0) {
      assertTrue(System.nanoTime() < deadline, "memory is still charged");
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private void assertGoodClientIsServed() throws Exception {
    String request = RawClient.post(PATH, body("{\"_t\":\"t\",\"n\":1}"));
    int half = request.length() - 20;
    try (RawClient client = new RawClient(service)) {
      assertEquals(200, client.send(request).read().status());
      client.send(request.substring(0, half));
      client.send(request.substring(half));
      assertEquals(200, client.read().status());
    }
  }

  private static String body(String events) {
    return "{\"secret_key\":\"sesame\",\"events\":[" + events + "]}";
  }

  /** Sends a byte now and then, and returns what comes back until the connection is closed. */
  private static String trickle(RawClient client, String piece) throws Exception {
    Thread sender =
        new Thread(
            () -> {
              try {
                while (true) {
                  client.send(piece);
                  TimeUnit.MILLISECONDS.sleep(100);
                }
              } catch (IOException | InterruptedException e) {
                // The other side has had enough.
              }
            });
    sender.start();
    String answer = client.awaitClose();
    sender.interrupt();
    sender.join();
    return answer;
  }

  @Test
  void slowHeaders_closeTheConnection() throws Exception {
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.head(PATH) + "X: ");
      assertGoodClientIsServed();
      assertEquals("", trickle(client, "a"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 1000", "Transfer-Encoding: chunked"})
  void slowBody_is408(String framing) throws Exception {
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.head(PATH) + framing + "\r\n\r\n");
      client.send(framing.startsWith("T") ? "500\r\n" : "");
      assertGoodClientIsServed();
      assertTrue(trickle(client, " ").startsWith("HTTP/1.1 408 "));
    }
  }

  @Test
  void slowBodyOfRefusedRequest_isLimitedByTheSameTimeout() throws Exception {
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.head("/nowhere") + "Content-Length: 1000\r\n\r\n");
      assertTrue(trickle(client, " ").startsWith("HTTP/1.1 404 "));
    }
  }

  @Test
  void endlessTrailer_is400() throws Exception {
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.head(PATH) + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ");
      client.send("x".repeat(10_000));
      assertEquals(400, client.read().status());
    }
  }

  @Test
  void unreadAnswers_closeTheConnection() throws Exception {
    String events =
        IntStream.range(0, 100)
            .mapToObj(i -> "{\"_t\":\"t\",\"n\":\"" + "x".repeat(70) + "\"}")
            .collect(Collectors.joining(","));
    byte[] request = RawClient.post(PATH, body(events)).getBytes(StandardCharsets.UTF_8);
    try (RawClient client = new RawClient(service)) {
      client.socket().setReceiveBufferSize(4096);
      Thread sender =
          new Thread(
              () -> {
                try {
                  while (true) {
                    client.send(request);
                  }
                } catch (IOException e) {
                  // As it has to be.
                }
              });
      sender.start();
      assertGoodClientIsServed();
      sender.join(TimeUnit.SECONDS.toMillis(60));
      assertTrue(!sender.isAlive(), "still connected");
    }
  }

  @Test
  void idleConnections_areClosedAndBlockNoOtherClient() throws Exception {
    List<RawClient> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 1000; i++) {
        idle.add(new RawClient(service));
      }
      assertGoodClientIsServed();
      for (RawClient client : idle) {
        assertEquals("", client.awaitClose());
      }
    } finally {
      closeAll(idle);
    }
  }

  @Test
  void incompleteBodies_leaveMemoryForOthers() throws Exception {
    List<RawClient> halfOpen = new ArrayList<>();
    try {
      for (int i = 0; i < 1000; i++) {
        RawClient client = new RawClient(service);
        client.send(RawClient.head(PATH) + "Content-Length: 5000\r\n\r\n" + " ".repeat(4000));
        halfOpen.add(client);
      }
      assertGoodClientIsServed();
      for (RawClient client : halfOpen) {
        assertEquals(408, client.read().status());
      }
    } finally {
      closeAll(halfOpen);
    }
  }

  @Test
  void largeIncompleteBodies_areEvictedForOthers() throws Exception {
    List<RawClient> halfOpen = new ArrayList<>();
    try (RunningService small =
        RunningService.start(SCHEMA, "", "--body_timeout=30s", "--max_buffer=8MiB")) {
      for (int i = 0; i < 12; i++) {
        RawClient client = new RawClient(small);
        client.send(RawClient.head(PATH) + "Content-Length: " + MAX_BODY + "\r\n\r\n");
        client.send(" ".repeat(300_000));
        halfOpen.add(client);
      }
      // Half of the buffer is for incomplete bodies, which grow to 512 KiB: one more does not fit.
      Eventually.await(
          "the bodies take their part of the buffer",
          () -> small.metric("attolytics_buffer_bytes") >= 7 * (512 << 10));
      String large = body("{\"_t\":\"t\",\"s\":\"" + "x".repeat(500_000) + "\"}");
      int status = 503;
      while (status == 503) {
        try (RawClient client = new RawClient(small)) {
          status = client.send(RawClient.post(PATH, large)).read().status();
        }
      }
      assertEquals(200, status);
      Eventually.await("a body is refused", () -> isAnyTold(halfOpen, "slowest to arrive"));
    } finally {
      closeAll(halfOpen);
    }
  }

  private static boolean isAnyTold(List<RawClient> clients, String what) throws IOException {
    for (RawClient client : clients) {
      if (client.socket().getInputStream().available() > 0 && client.read().body().contains(what)) {
        return true;
      }
    }
    return false;
  }

  private static void closeAll(List<RawClient> clients) throws IOException {
    for (RawClient client : clients) {
      client.close();
    }
  }

  private static String repeat(String text, int times, String between) {
    return (text + between).repeat(times - 1) + text;
  }

  /** A body that is as bad as its size allows. */
  private static String hostile(String kind) {
    return switch (kind) {
      case "arrays" -> "[".repeat(100_000);
      case "objects" -> "{\"a\":".repeat(100_000);
      case "closed arrays" -> "{\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
      case "string" -> body("{\"_t\":\"t\",\"n\":\"" + "x".repeat(1_000_000) + "\"}");
      case "escapes" -> body("{\"_t\":\"t\",\"n\":\"" + "\\u0041".repeat(150_000) + "\"}");
      case "number" -> body("{\"_t\":\"t\",\"n\":" + "1".repeat(1_000_000) + "}");
      case "exponent" -> body("{\"_t\":\"t\",\"n\":1e" + "9".repeat(1_000_000) + "}");
      case "name" -> body("{\"_t\":\"t\",\"" + "n".repeat(1_000_000) + "\":1}");
      case "events" -> body(repeat("{}", 300_000, ","));
      case "nulls" -> body(repeat("null", 200_000, ","));
      case "fields" ->
          body(
              IntStream.range(0, 80_000)
                  .mapToObj(i -> "\"f" + i + "\":1")
                  .collect(Collectors.joining(",", "{\"_t\":\"t\",", "}")));
      case "same field" -> body("{\"_t\":\"t\"," + repeat("\"n\":1", 150_000, ",") + "}");
      case "tables" -> body(repeat("{\"_t\":\"u\"}", 80_000, ","));
      case "key" -> "{\"secret_key\":\"" + "k".repeat(1_000_000) + "\",\"events\":[]}";
      case "blanks" -> " ".repeat(1_000_000);
      case "zeros" -> "\0".repeat(1_000_000);
      default -> throw new IllegalArgumentException(kind);
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arrays",
        "objects",
        "closed arrays",
        "string",
        "escapes",
        "number",
        "exponent",
        "name",
        "events",
        "nulls",
        "fields",
        "same field",
        "tables",
        "key",
        "blanks",
        "zeros"
      })
  void hostileBody_isRefusedWithAShortAnswer(String kind) throws Exception {
    try (RawClient client = new RawClient(service)) {
      RawClient.Answer answer = client.send(RawClient.post(PATH, hostile(kind))).read();
      assertTrue(answer.status() >= 400 && answer.status() < 500, answer.body());
      assertTrue(answer.body().length() < 50_000, () -> answer.body().length() + " bytes");
      assertEquals(200, client.send(RawClient.post(PATH, body("{\"_t\":\"t\"}"))).read().status());
    }
  }

  /** Small where it arrives, and the most work that a body can be. */
  private static byte[] bomb(String... headers) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(hostile("tables").getBytes(StandardCharsets.UTF_8));
    }
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    String head = RawClient.head(PATH, headers);
    request.writeBytes(
        (head + "Content-Encoding: gzip\r\nContent-Length: " + compressed.size() + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    request.writeBytes(compressed.toByteArray());
    return request.toByteArray();
  }

  @Test
  void bodiesThatInflateALot_delayOthersByOneOfThemOnly() throws Exception {
    int count = 200;
    byte[] bomb = bomb();
    List<RawClient> hostile = new ArrayList<>();
    try (RunningService patient = RunningService.start(SCHEMA, "", "--body_timeout=60s")) {
      for (int i = 0; i < count; i++) {
        hostile.add(new RawClient(patient).send(bomb));
      }
      try (RawClient good = new RawClient(patient)) {
        for (int i = 0; i < 5; i++) {
          assertEquals(200, good.send(RawClient.post(PATH, body(""))).read().status());
        }
      }
      int answered = 0;
      for (RawClient client : hostile) {
        answered += client.socket().getInputStream().available() > 0 ? 1 : 0;
      }
      assertTrue(answered < count / 2, answered + " went before");
      for (RawClient client : hostile) {
        assertEquals(404, client.read().status());
      }
    } finally {
      closeAll(hostile);
    }
  }

  @Test
  void headersOfQueuedBodies_areReservedInTheBuffer() throws Exception {
    String[] headers =
        IntStream.range(0, 90)
            .mapToObj(i -> "X-" + i + ": " + "y".repeat(140))
            .toArray(String[]::new);
    byte[] bomb = bomb(headers);
    assertEquals(Set.of(404, 503), statuses(bomb, 400, "--body_timeout=60s"));
  }

  @Test
  void bodiesThatAreQueuedForTooLong_are503() throws Exception {
    assertEquals(Set.of(404, 503), statuses(bomb(), 400, "--body_timeout=300ms"));
  }

  private static Set<Integer> statuses(byte[] request, int count, String option) throws Exception {
    List<RawClient> clients = new ArrayList<>();
    Set<Integer> statuses = new TreeSet<>();
    try (RunningService small = RunningService.start(SCHEMA, "", option, "--max_buffer=8MiB")) {
      for (int i = 0; i < count; i++) {
        clients.add(new RawClient(small).send(request));
      }
      for (RawClient client : clients) {
        statuses.add(client.read().status());
      }
      return statuses;
    } finally {
      closeAll(clients);
    }
  }

  @Test
  void headerFloods_are400OrClosed() throws Exception {
    String[] floods = {
      "POST /" + "a".repeat(1_000_000),
      "POST " + PATH + "?" + "a".repeat(1_000_000),
      "POST " + PATH + "?" + "a=b&".repeat(100_000),
      "A".repeat(1_000_000),
      RawClient.head(PATH) + "X: " + "a".repeat(1_000_000),
      RawClient.head(PATH) + "X".repeat(1_000_000),
      RawClient.head(PATH) + "x: y\r\n".repeat(100_000) + "\r\n"
    };
    for (String flood : floods) {
      try (RawClient client = new RawClient(service)) {
        client.send(flood);
        assertEquals(400, client.read().status());
        assertEquals("", client.awaitClose());
      } catch (EOFException | SocketException e) {
        // Closed before all was sent, and the answer lost with it.
      }
    }
  }

  @Test
  void connectionsOverTheLimit_waitUntilOneIsClosed() throws Exception {
    RawClient first;
    try (RunningService small = RunningService.start(SCHEMA, "", "--max_connections=2");
        RawClient second = new RawClient(small)) {
      first = new RawClient(small);
      String request = RawClient.post(PATH, body("{\"_t\":\"t\"}"));
      assertEquals(200, first.send(request).read().status());
      assertEquals(200, second.send(request).read().status());
      try (RawClient third = new RawClient(small)) {
        third.send(request).socket().setSoTimeout(300);
        assertThrows(SocketTimeoutException.class, third::read);
        third.socket().setSoTimeout(30_000);
        first.close();
        assertEquals(200, third.read().status());
      }
    }
  }

  @Test
  void connectionsOfTheAdminPort_areLimited() throws Exception {
    List<RawClient> clients = new ArrayList<>();
    try (RunningService small = RunningService.start(SCHEMA, "")) {
      for (int i = 0; i < 101; i++) {
        clients.add(new RawClient(small.service().adminPort()));
        clients.get(i).send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
      }
      for (RawClient client : clients.subList(0, 100)) {
        assertEquals(200, client.read().status());
      }
      RawClient last = clients.get(100);
      last.socket().setSoTimeout(300);
      assertThrows(SocketTimeoutException.class, last::read);
      last.socket().setSoTimeout(30_000);
      clients.get(0).close();
      assertEquals(200, last.read().status());
    } finally {
      closeAll(clients);
    }
  }

  /** Neither when the body comes with them, nor when it is waited for. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void headersLargerThanTheBuffer_are413(boolean waited) throws Exception {
    String[] headers =
        IntStream.range(0, 90).mapToObj(i -> "X-" + i + ": y").toArray(String[]::new);
    try (RunningService small =
            RunningService.start(
                SCHEMA, "", "--max_body=4KiB", "--max_buffer=16KiB", "--flush_bytes=8KiB");
        RawClient client = new RawClient(small)) {
      String body = body("{\"_t\":\"t\"}");
      String request = RawClient.post(PATH, body, headers);
      client.send(waited ? request.substring(0, request.length() - body.length()) : request);
      RawClient.Answer answer = client.read();
      assertEquals(413, answer.status(), answer.body());
      assertTrue(answer.body().contains("headers"), answer.body());
    }
  }

  @Test
  void unreadAnswer_isReservedInTheBuffer() throws Exception {
    try (RawClient client = new RawClient(service)) {
      Thread sender = sendForEver(client, 100);
      double unread = 0;
      while (unread == 0) { // the test's own timeout is the limit
        unread = service.metric("attolytics_buffer_bytes");
      }
      client.reset();
      sender.join();
    }
    while (service.metric("attolytics_buffer_bytes") > 0) {
      Thread.onSpinWait();
    }
    assertGoodClientIsServed();
  }

  @Test
  void unreadAnswer_closesTheConnectionIfTheBufferIsFull() throws Exception {
    try (RunningService small =
            RunningService.start(
                SCHEMA, "", "--max_body=4KiB", "--max_buffer=16KiB", "--flush_bytes=8KiB");
        RawClient client = new RawClient(small)) {
      sendForEver(client, 20).join();
      assertEquals(0, small.metric("attolytics_buffer_bytes"));
      assertEquals(200, small.post("{\"_t\":\"t\"}").statusCode());
    }
  }

  /** Requests that are answered at length, until the connection is closed. */
  private static Thread sendForEver(RawClient client, int events) {
    String event = "{\"_t\":\"t\",\"" + "~".repeat(64) + "\":1}";
    byte[] request =
        RawClient.post(PATH, body(repeat(event, events, ","))).getBytes(StandardCharsets.US_ASCII);
    Thread sender =
        new Thread(
            () -> {
              try {
                while (true) {
                  client.send(request);
                }
              } catch (IOException e) {
                // It is closed.
              }
            });
    sender.start();
    return sender;
  }
}
