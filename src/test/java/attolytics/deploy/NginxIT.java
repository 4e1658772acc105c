package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code deploy/nginx/attolytics.conf} in a real nginx before two instances on one database. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class NginxIT {
  private static final String SCHEMA =
      """
      tables:
        seen:
          columns:
            - {name: id, required: true}
            - {name: referer, header: Referer}
            - {name: client, header: X-Forwarded-For}
            - {name: address, header: X-Real-IP}
            - {name: ip, type: inet, source: client_ip}
            - {name: scheme, header: X-Forwarded-Proto}
            - {name: host, header: Host}
      apps:
        a: {secret_key: sesame, tables: [seen], access_control_allow_origin: "http://example.com"}
      """;

  private static final Duration READ_TIMEOUT = Duration.ofSeconds(3);
  private static final int MAX_BODY = 1 << 20;

  private Path directory;
  private TestDatabase database;
  private Instance a;
  private Instance b;
  private Program nginx;
  private Certificate certificate;
  private HttpClient client;
  private int port;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    String program = Program.installed("nginx");
    directory = temporary;
    database = TestDatabase.create();
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    // By default all of 127.0.0.0/8 is trusted, which is where clients come from here.
    String trusted = "--trusted_proxies=127.0.0.1/32";
    a = new Instance(database.url(), schema, directory.resolve("a.log"), trusted).start();
    b = new Instance(database.url(), schema, directory.resolve("b.log"), trusted).start();
    certificate = Certificate.selfSigned(directory);
    client = certificate.trustingClient();
    port = Program.freePort();
    Path log = directory.resolve("nginx.log");
    nginx =
        Program.start(
            log,
            Map.of(),
            List.of(program, "-p", directory.toString(), "-c", configuration().toString()));
    Eventually.await("nginx answers", () -> log.toFile().exists() && answers());
  }

  @AfterAll
  void stop() throws Exception {
    for (AutoCloseable each : new @Nullable AutoCloseable[] {nginx, a, b, database}) {
      if (each != null) {
        each.close();
      }
    }
  }

  private boolean answers() throws InterruptedException {
    try {
      return client.send(to("/").build(), BodyHandlers.ofString()).statusCode() == 404;
    } catch (IOException e) {
      return false;
    }
  }

  /** The file as it is, but for ports, paths, and one time that the test cannot wait for. */
  private Path configuration() throws IOException {
    String site =
        replaced(
            Files.readString(Path.of("deploy/nginx/attolytics.conf")),
            Map.of(
                "127.0.0.1:8000", "127.0.0.1:" + a.port(),
                "127.0.0.1:8010", "127.0.0.1:" + b.port(),
                "listen 443", "listen 127.0.0.1:" + port,
                "    listen [::]:443 ssl;\n", "",
                "/etc/attolytics/tls", directory.toString(),
                "proxy_read_timeout 40s", "proxy_read_timeout " + READ_TIMEOUT.toSeconds() + "s"));
    Files.writeString(directory.resolve("site.conf"), site);
    String paths =
        "client_body proxy fastcgi uwsgi scgi"
            .replaceAll("(\\w+) ?", "  $1_temp_path " + directory + "/$1;\n");
    return Files.writeString(
        directory.resolve("nginx.conf"),
        """
        daemon off;
        user %s;
        worker_processes 2;
        pid nginx.pid;
        error_log stderr notice;
        events {}
        http {
          access_log off;
        %s  include site.conf;
        }
        """
            .formatted(System.getProperty("user.name"), paths));
  }

  private static String replaced(String text, Map<String, String> replacements) {
    String result = text;
    for (Map.Entry<String, String> each : replacements.entrySet()) {
      assertTrue(result.contains(each.getKey()), () -> each.getKey() + " is not in the file");
      result = result.replace(each.getKey(), each.getValue());
    }
    return result;
  }

  /** A request by way of nginx. */
  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path))
        .header("Content-Type", "application/json")
        .timeout(Duration.ofSeconds(100));
  }

  private static BodyPublisher event(String id) {
    return BodyPublishers.ofString(body(id));
  }

  private static String body(String id) {
    return "{\"secret_key\": \"sesame\", \"events\": [{\"_t\": \"seen\", \"id\": \"" + id + "\"}]}";
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String id) throws Exception {
    return send(to("/apps/a/events").POST(event(id)));
  }

  private HttpResponse<String> postWithKey(String id) throws Exception {
    return send(to("/apps/a/events").POST(event(id)).header("Idempotency-Key", id));
  }

  @Test
  void request_arrivesWithItsHeaders() throws Exception {
    HttpResponse<String> response =
        send(
            to("/apps/a/events")
                .header("Referer", "https://example.com/page")
                .header("X-Forwarded-For", "192.0.2.7")
                .header("X-Real-IP", "192.0.2.7")
                .POST(event("headers")));
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(
        "https://example.com/page|192.0.2.7, 127.0.0.1|127.0.0.1|https|127.0.0.1",
        database.value(
            "SELECT concat_ws('|', referer, client, address, scheme, host) FROM seen"
                + " WHERE id='headers'"));
  }

  /** Whatever a client claims to be, in whichever header, and also with an Idempotency-Key. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Other: none",
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-For: 203.0.113.9, 127.0.0.1",
        "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 127.0.0.1",
        "X-Forwarded-For: 203.0.113.9,\r\nx-forwarded-for: ",
        "X-Forwarded-For: 127.0.0.1, unknown, , \"[::1]\"",
        "X-Forwarded-For: ::1",
        "X_Forwarded_For: 203.0.113.9",
        "Forwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nTrue-Client-IP: 203.0.113.9",
      })
  void clientIp_isTheAddressThatNginxSees(String headers) throws Exception {
    for (String key : List.of("", "Idempotency-Key: " + headers.hashCode() + "\r\n")) {
      String id = "from " + headers + key;
      postFrom(
          new byte[] {127, 0, 0, 2},
          headers + "\r\n" + key,
          id.replace("\"", "'").replace("\r\n", " "));
    }
    assertEquals(
        "2 127.0.0.2 127.0.0.2",
        database.value(
            "SELECT concat_ws(' ', count(*), min(ip), max(ip)) FROM seen WHERE id LIKE 'from %'"));
    database.value("DELETE FROM seen WHERE id LIKE 'from %' RETURNING id");
  }

  private void postFrom(byte[] address, String headers, String id) throws Exception {
    String body = body(id);
    try (Socket socket = certificate.trustingContext().getSocketFactory().createSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByAddress(address), 0));
      socket.connect(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
      String head =
          "POST /apps/a/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
              + "Content-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
                  .formatted(body.length(), headers);
      socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /apps/a/events, '{\"secret_key\": \"sesame\", \"events\": [{\"_t\": \"seen\"}]}', 400",
    "POST, /apps/a/events, '{\"secret_key\": \"wrong\", \"events\": []}', 403",
    "POST, /apps/none/events, '{}', 404",
    "POST, /nowhere, '{}', 404",
    "POST, /apps/a/events, '{}', 422",
    "POST, /apps/%61/events?x=%2F, '{\"secret_key\": \"sesame\", \"events\": []}', 200",
    "DELETE, /apps/a/events, '', 405",
    "OPTIONS, /apps/a/events, '', 204",
  })
  void answer_isThatOfTheService(String method, String path, String body, int status)
      throws Exception {
    HttpRequest.Builder direct =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + a.port() + path))
            .header("Content-Type", "application/json");
    HttpResponse<String> expected = send(finish(direct, method, body));
    assertEquals(status, expected.statusCode());
    for (HttpRequest.Builder request :
        List.of(to(path), to(path).header("Idempotency-Key", method + path + body))) {
      HttpResponse<String> response = send(finish(request, method, body));
      assertEquals(status, response.statusCode(), response.body());
      assertEquals(expected.body(), response.body());
      for (String header :
          List.of("content-type", "allow", "access-control-allow-origin", "retry-after")) {
        assertEquals(expected.headers().allValues(header), response.headers().allValues(header));
      }
    }
  }

  private static HttpRequest.Builder finish(
      HttpRequest.Builder request, String method, String body) {
    return request
        .header("Origin", "http://example.com")
        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
  }

  @Test
  void replay_isToldAsSuch() throws Exception {
    assertEquals(200, postWithKey("replay").statusCode());
    HttpResponse<String> again = postWithKey("replay");
    assertEquals(200, again.statusCode());
    assertEquals(List.of("true"), again.headers().allValues("Idempotency-Replayed"));
  }

  @Test
  void bodyOfTheGreatestSize_passes() throws Exception {
    String body = body("greatest") + " ".repeat(MAX_BODY - body("greatest").length());
    HttpResponse<String> response = send(to("/apps/a/events").POST(BodyPublishers.ofString(body)));
    assertEquals(200, response.statusCode(), response.body());
  }

  @Test
  void largerBody_is413() throws Exception {
    byte[] body = " ".repeat(MAX_BODY + 1).getBytes(StandardCharsets.UTF_8);
    BodyPublisher chunked = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body));
    for (BodyPublisher publisher : List.of(BodyPublishers.ofByteArray(body), chunked)) {
      for (HttpRequest.Builder request :
          List.of(to("/apps/a/events"), to("/apps/a/events").header("Idempotency-Key", "large"))) {
        HttpResponse<String> response = send(request.POST(publisher));
        assertEquals(413, response.statusCode());
        assertEquals(
            List.of("application/problem+json"), response.headers().allValues("Content-Type"));
        assertTrue(response.body().contains("urn:attolytics:problem:body_too_large"));
      }
    }
  }

  @Test
  void restartOfEachInstance_failsNoRequest() throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger stored = new AtomicInteger();
    Queue<String> failures = new ConcurrentLinkedQueue<>();
    List<CompletableFuture<Void>> clients =
        IntStream.range(0, 16)
            .mapToObj(
                number ->
                    CompletableFuture.runAsync(
                        () -> {
                          for (int i = 0; !enough.get(); i++) {
                            String id = "restart-" + number + "-" + i;
                            String failure = failure(id, number % 2 == 0);
                            if (failure == null) {
                              stored.incrementAndGet();
                            } else {
                              failures.add(failure);
                            }
                          }
                        },
                        task -> new Thread(task).start()))
            .toList();
    try {
      for (Instance instance : List.of(a, b, a)) {
        instance.stop();
        int without = stored.get();
        Eventually.await("the other goes on", () -> stored.get() > without + 50);
        instance.start();
        Eventually.await(
            "nginx trusts it again",
            () -> instance.metric("attolytics_events_committed_total") > 50);
      }
    } finally {
      enough.set(true);
    }
    for (CompletableFuture<Void> each : clients) {
      each.get(100, TimeUnit.SECONDS);
    }
    assertEquals(List.of(), List.copyOf(failures));
    assertEquals(
        stored + "|" + stored,
        database.value(
            "SELECT concat_ws('|', count(*), count(DISTINCT id)) FROM seen"
                + " WHERE id LIKE 'restart-%'"));
  }

  /** What went wrong, or null. */
  private @Nullable String failure(String id, boolean withKey) {
    try {
      HttpResponse<String> response = withKey ? postWithKey(id) : post(id);
      return response.statusCode() == 200
          ? null
          : id + ": " + response.statusCode() + " " + response.body();
    } catch (Exception e) {
      return id + ": " + e;
    }
  }

  @Test
  void instanceThatHangs_leavesTheOutcomeOpenUnlessThereIsAKey() throws Exception {
    a.program().signal("STOP");
    AtomicInteger asked = new AtomicInteger();
    try {
      Eventually.await(
          "nginx has asked the instance that hangs",
          () -> isLeftOpen("open-" + asked.get(), asked));
      long started;
      int keyed = 0;
      do { // until one was sent to both
        started = System.nanoTime();
        HttpResponse<String> response = postWithKey("keyed-" + keyed++);
        assertEquals(200, response.statusCode(), response.body());
      } while (System.nanoTime() - started < READ_TIMEOUT.toNanos());
    } finally {
      a.program().signal("CONT");
    }
    String stored = "SELECT count(*) FROM seen WHERE id = 'open-" + asked + "'";
    Eventually.await("it does what it had received", () -> database.value(stored).equals("1"));
    Eventually.await(
        "the repeated request is known as such",
        () ->
            a.metric("attolytics_duplicates_suppressed_total")
                    + b.metric("attolytics_duplicates_suppressed_total")
                > 0);
    assertEquals("1", database.value(stored));
    assertEquals(
        "0",
        database.value(
            "SELECT count(*) FROM (SELECT id FROM seen WHERE id LIKE 'keyed-%'"
                + " GROUP BY id HAVING count(*) > 1) twice"));
  }

  /** Posts, and counts the requests that were answered with 200 instead. */
  private boolean isLeftOpen(String id, AtomicInteger stored) throws Exception {
    HttpResponse<String> response = post(id);
    if (response.statusCode() == 200) {
      stored.incrementAndGet();
      return false;
    }
    assertEquals(504, response.statusCode(), response.body());
    assertTrue(response.body().contains("outcome_unknown"), response.body());
    return true;
  }

  @Test
  void noInstance_is503AsNothingWasSent() throws Exception {
    a.stop();
    b.stop();
    try {
      for (int i = 0; i < 4; i++) { // they are also told after nginx has given up on both
        for (HttpResponse<String> response : List.of(post("none"), postWithKey("none-" + i))) {
          assertEquals(503, response.statusCode(), response.body());
          assertEquals(List.of("1"), response.headers().allValues("Retry-After"));
          assertTrue(response.body().contains("urn:attolytics:problem:unreachable"));
        }
      }
    } finally {
      a.start();
      b.start();
    }
    Eventually.await("nginx trusts one again", () -> post("some").statusCode() == 200);
  }
}
