package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Columns that the service fills. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SourcesIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: n, type: i32}
            - {name: at, type: timestamp, source: received_at, required: true}
            - {name: ip, type: inet, source: client_ip}
            - {name: address, source: client_ip}
            - {name: app, source: app_id}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service = RunningService.start(SCHEMA, "");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @BeforeEach
  void empty() throws Exception {
    service.execute("TRUNCATE t");
  }

  @Test
  void sources_areStored() throws Exception {
    String body = "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\"},{\"_t\":\"t\",\"n\":1}]}";
    int status =
        service
            .send(
                service
                    .to("/apps/a/events")
                    .header("Content-Type", "application/json")
                    .header("X-Forwarded-For", "203.0.113.9, 2001:DB8::7")
                    .POST(BodyPublishers.ofString(body)))
            .statusCode();

    assertEquals(200, status);
    assertEquals(
        "2 2001:db8::7 2001:db8::7 a 1",
        service.query(
            "SELECT concat_ws(' ', count(*), min(ip), min(address), min(app),"
                + " count(DISTINCT at)) FROM t"));
  }

  @Test
  void receivedAt_isWhenTheFirstByteCame() throws Exception {
    String body = "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\"}]}";
    try (Socket socket = new Socket("localhost", service.service().port())) {
      Instant before = Instant.now();
      write(socket, "POST /apps/a/events HTTP/1.1\r\nHost: a\r\n");
      // The rest comes only when a request that was sent after the first byte has been stored.
      assertEquals(200, service.post("{\"_t\":\"t\",\"n\":1}").statusCode());
      assertEquals(200, service.post("{\"_t\":\"t\",\"n\":2}").statusCode());
      Instant later = Instant.now();
      write(
          socket,
          "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(body.length(), body));
      byte[] answer = socket.getInputStream().readNBytes(12);
      assertEquals("HTTP/1.1 200", new String(answer, StandardCharsets.US_ASCII));

      Instant received =
          Instant.parse(
              service.query(
                  "SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                      + " FROM t WHERE n IS NULL"));
      assertTrue(received.isBefore(later), received + " is not before " + later);
      assertTrue(
          received.isAfter(before.minus(Duration.ofSeconds(1))), received + " is before " + before);
    }
    assertEquals("t", service.query("SELECT (SELECT at FROM t WHERE n IS NULL) < max(at) FROM t"));
  }

  private static void write(Socket socket, String text) throws Exception {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
  }

  @Test
  void sentValue_isRefused() throws Exception {
    String body = service.post("{\"_t\":\"t\",\"ip\":\"::1\"}").body();

    assertTrue(body.contains("\"pointer\":\"/events/0/ip\",\"code\":\"source_field\""), body);
    assertEquals(200, service.post("{\"_t\":\"t\",\"ip\":null}").statusCode());
    assertEquals("127.0.0.1", service.query("SELECT host(ip) FROM t").replace("::1", "127.0.0.1"));
  }
}
