package attolytics.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever clients send, and however many of them: it fits the heap, and the service goes on. Other
 * heaps than these by hand: {@code -Dheap=128,512}, in MiB. What was seen is printed.
 */
@Timeout(180)
class HeapIT {
  private static final int REST_TABLES = 10;
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32}, {name: s}]}
      %s
      apps:
        a: {secret_key: sesame, tables: [t, %s]}
      """
          .formatted(
              restTables("\n", "  %s: {columns: [{name: more, type: json, rest: true}]}"),
              restTables(", ", "%s"));
  private static final String EVENT =
      "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":1}]}";
  private static final String TWO_MIB_WITH_A_WRONG_KEY =
      "{\"events\":[{\"_t\":\"t\",\"s\":\"\\n"
          + "x".repeat(2_000_000)
          + "\",\"n\":1}],\"secret_key\":\"wrong\"}";
  private static final Set<Integer> TAKEN_OR_LATER = Set.of(200, 503);

  @TempDir Path directory;

  static IntStream heaps() {
    String sizes = System.getProperty("heap", "64,256");
    return Stream.of(sizes.split(",", -1)).mapToInt(Integer::parseInt);
  }

  private static String restTables(String separator, String format) {
    return IntStream.range(0, REST_TABLES)
        .mapToObj(i -> format.formatted("rest" + i))
        .collect(Collectors.joining(separator));
  }

  private RunningJar start(int heap, String databaseUrl) throws IOException {
    return start("-Xmx" + heap + "m", databaseUrl, "1MiB");
  }

  private RunningJar start(String javaOptions, String databaseUrl, String maxBody)
      throws IOException {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    return RunningJar.start(
        directory.resolve("log"),
        Map.of("JDK_JAVA_OPTIONS", javaOptions),
        List.of(),
        "--max_body=" + maxBody,
        "--schema=" + schema,
        "--db_url=" + databaseUrl,
        "--ack_timeout=10s");
  }

  private static String head(int lines, int bytes) {
    StringBuilder head = new StringBuilder("POST /apps/a/events HTTP/1.1\r\nHost: localhost\r\n");
    head.append("Content-Type: application/json\r\nConnection: close\r\n");
    for (int i = 0; i < lines; i++) {
      String name = "X-" + i + ": ";
      head.append(name).append("v".repeat(bytes / lines - name.length() - 2)).append("\r\n");
    }
    return head.toString();
  }

  @ParameterizedTest
  @MethodSource("heaps")
  void headsWithoutEnd_leaveTheServiceAsItWas(int heap) throws Exception {
    assertServedBeside("heads without end", heap, head(95, 15_700));
  }

  @ParameterizedTest
  @MethodSource("heaps")
  void headsWhoseBodyNeverComes_leaveTheServiceAsItWas(int heap) throws Exception {
    String head = head(95, 15_700) + "Content-Length: 10\r\n\r\n";
    assertServedBeside("heads without a body", heap, head);
  }

  @ParameterizedTest
  @MethodSource("heaps")
  void bodiesThatInflateALotBehindLargeHeads_leaveTheServiceAsItWas(int heap) throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(body)) {
      String events = "{\"_t\":\"u\"},".repeat(80_000) + "{}";
      gzip.write(EVENT.replace("\"events\":[", "\"events\":[" + events + ",").getBytes(UTF_8));
    }
    String head = head(95, 15_500) + "Content-Encoding: gzip\r\n";
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes((head + "Content-Length: " + body.size() + "\r\n\r\n").getBytes(UTF_8));
    body.writeTo(request);
    assertServedBeside("bodies that inflate a lot", heap, request.toByteArray());
  }

  /**
   * Each IO thread could decode one, before the key in it is read: with the inflated body, the
   * string without its escape, and the row that is sorted.
   */
  @Test
  void bodiesThatInflateAtOnce_onManyProcessors_leaveTheServiceAsItWas() throws Exception {
    byte[] request = gzipped(TWO_MIB_WITH_A_WRONG_KEY);
    List<Socket> sockets = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create();
        RunningJar jar = start("-Xmx64m -XX:ActiveProcessorCount=16", database.url(), "2MiB")) {
      for (int i = 0; i < 200; i++) {
        sockets.add(new Socket("localhost", jar.port()));
        send(sockets.get(i), request);
      }
      Map<Integer, Integer> statuses = new TreeMap<>();
      for (Socket socket : sockets) {
        statuses.merge(status(socket), 1, Integer::sum);
      }
      report("bodies that inflate at once", 64, jar, statuses);
      assertTrue(Set.of(403, 503).containsAll(statuses.keySet()), statuses::toString);
      assertGoodClientIsServed(jar);
      assertAlive(jar);
    } finally {
      closeAll(sockets);
    }
  }

  private static byte[] gzipped(String body) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(body.getBytes(UTF_8));
    }
    String head = head(1, 100) + "Content-Encoding: gzip\r\n";
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(
        (head + "Content-Length: " + compressed.size() + "\r\n\r\n").getBytes(UTF_8));
    compressed.writeTo(request);
    return request.toByteArray();
  }

  @Test
  void refusalsBeforeTheBody_leaveNothing() throws Exception {
    byte[] head = (head(95, 14_000) + "Content-Length: 5000000000\r\n\r\n").getBytes(UTF_8);
    try (TestDatabase database = TestDatabase.create();
        RunningJar jar = start(64, database.url())) {
      int port = jar.port();
      for (int i = 0; i < 15_000; i++) {
        try (Socket socket = new Socket("localhost", port)) {
          socket.setSoTimeout(60_000);
          socket.setSoLinger(true, 0);
          socket.getOutputStream().write(head);
          byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 413".length());
          assertEquals("HTTP/1.1 413", new String(status, UTF_8));
        }
      }
      assertGoodClientIsServed(jar);
      report("refusals before the body", 64, jar, "all told");
      assertAlive(jar);
    }
  }

  /** A good client, among thousands that send this. */
  private void assertServedBeside(String name, int heap, String head) throws Exception {
    assertServedBeside(name, heap, head.getBytes(StandardCharsets.US_ASCII));
  }

  private void assertServedBeside(String name, int heap, byte[] bytes) throws Exception {
    List<Socket> flood = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create();
        RunningJar jar = start(heap, database.url())) {
      int port = jar.port();
      for (int i = 0; i < 5_500; i++) {
        flood.add(new Socket("localhost", port));
        send(flood.get(i), bytes);
        if (i % 500 == 0) {
          assertGoodClientIsServed(jar);
        }
      }
      assertGoodClientIsServed(jar);
      report(name, heap, jar, "good clients served");
      assertAlive(jar);
      // Refused at once, it would take no memory.
      assertFalse(jar.log().contains("malformed_request"), jar.log());
    } finally {
      closeAll(flood);
    }
  }

  @ParameterizedTest
  @MethodSource("heaps")
  void requestsWithLargeHeads_waitForTheDatabaseWithinTheBuffer(int heap) throws Exception {
    byte[] request = request(head(95, 15_700), EVENT);
    assertAllAnswered("large heads", heap, 5_000, i -> request);
  }

  @ParameterizedTest
  @MethodSource("heaps")
  void largeBodies_waitForTheDatabaseWithinTheBuffer(int heap) throws Exception {
    String body = EVENT.replace("\"n\":1", "\"s\":\"" + "x".repeat(900_000) + "\"");
    byte[] request = request(head(1, 100), body);
    assertAllAnswered("large bodies", heap, 150, i -> request);
  }

  @ParameterizedTest
  @MethodSource("heaps")
  void eventsOfManyUnknownFields_waitForTheDatabaseWithinTheBuffer(int heap) throws Exception {
    String fields =
        IntStream.range(0, 80_000)
            .mapToObj(i -> ",\"" + Integer.toString(i, 36) + "\":0")
            .collect(Collectors.joining());
    List<byte[]> requests =
        IntStream.range(0, REST_TABLES)
            .mapToObj(i -> EVENT.replace("\"t\",\"n\":1", "\"rest" + i + '"' + fields))
            .map(body -> request(head(1, 100), body))
            .toList();
    assertAllAnswered("unknown fields", heap, 150, i -> requests.get(i % REST_TABLES));
  }

  private static byte[] request(String head, String body) {
    return (head + "Content-Length: " + body.length() + "\r\n\r\n" + body).getBytes(UTF_8);
  }

  /** While the database is away, and after it is back. */
  private void assertAllAnswered(String flood, int heap, int clients, IntFunction<byte[]> requests)
      throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create();
        DatabaseProxy proxy = new DatabaseProxy(database);
        RunningJar jar = start(heap, proxy.url())) {
      int port = jar.port();
      proxy.cut();
      for (int i = 0; i < clients; i++) {
        sockets.add(new Socket("localhost", port));
        send(sockets.get(i), requests.apply(i));
      }
      Map<Integer, Integer> statuses = new TreeMap<>();
      for (Socket socket : sockets) {
        statuses.merge(status(socket), 1, Integer::sum);
      }
      report(flood, heap, jar, statuses);
      assertTrue(TAKEN_OR_LATER.containsAll(statuses.keySet()), statuses::toString);
      proxy.open();
      assertGoodClientIsServed(jar);
      assertAlive(jar);
    } finally {
      closeAll(sockets);
    }
  }

  private static void report(String flood, int heap, RunningJar jar, Object answers)
      throws Exception {
    System.out.printf("heap %d MiB, %s: %s, %s%n", heap, flood, answers, peakMemory(jar));
  }

  private static String peakMemory(RunningJar jar) throws IOException {
    Path status = Path.of("/proc", Long.toString(jar.process().pid()), "status");
    if (!Files.exists(status)) {
      return "peak unknown";
    }
    try (Stream<String> lines = Files.lines(status)) {
      return lines.filter(line -> line.startsWith("VmHWM")).findFirst().orElse("peak unknown");
    }
  }

  private static void send(Socket socket, byte[] bytes) throws IOException {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException e) {
      // Refused meanwhile, and closed.
    }
  }

  /**
   * Of an answer, which says what is wrong if it is a refusal; 0 for none, negative if it does not.
   */
  private static int status(Socket socket) throws IOException {
    socket.setSoTimeout(60_000);
    try {
      // Each closes its connection after its answer.
      byte[] answer = socket.getInputStream().readAllBytes();
      String text = new String(answer, StandardCharsets.UTF_8);
      int status = text.isEmpty() ? 0 : Integer.parseInt(text.substring(9, 12));
      return status == 200 || text.contains("\"detail\"") ? status : -status;
    } catch (SocketException e) {
      return 0;
    }
  }

  private static void assertGoodClientIsServed(RunningJar jar) throws Exception {
    int status = 503;
    while (status == 503) { // the test's own timeout is the limit
      status = jar.post("a", EVENT).get().statusCode();
    }
    assertEquals(200, status);
  }

  private static void assertAlive(RunningJar jar) throws Exception {
    assertEquals(200, jar.admin("/healthz").statusCode());
    assertTrue(jar.process().isAlive());
    assertTrue(!jar.log().contains("OutOfMemoryError"), jar.log());
  }

  private static void closeAll(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
