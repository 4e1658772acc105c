package attolytics.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.torture.Trap.Point;
import java.net.InetAddress;
import java.net.http.HttpResponse;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The connection to the coordinator is lost in the COMMIT of a transaction that several machines
 * take part in: what it tells of it afterwards is true of all of them.
 */
@Timeout(120)
class LostCommitOnCitusIT {
  private static final String SCHEMA =
      """
      tables:
        t: {distribute_by: id, columns: [{name: id, type: i64, required: true}]}
        u: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t, u]}
      """;

  /** For shards on all workers, and for the coordinator. */
  private static final String EVENTS =
      IntStream.range(0, 100)
          .mapToObj(id -> "{\"_t\":\"t\",\"id\":" + id + "},{\"_t\":\"u\",\"id\":" + id + "}")
          .collect(Collectors.joining(","));

  private TestDatabase database;
  private Proxy proxy;
  private RunningService service;

  @BeforeEach
  void open() throws Exception {
    database = TestDatabase.onCitus();
    proxy = new Proxy(InetAddress.getByName(database.host()), database.port());
    String direct = database.host() + ":" + database.port();
    String url = database.url().replace("@" + direct + "/", "@127.0.0.1:" + proxy.port() + "/");
    service = RunningService.startAt(url, database, SCHEMA);
  }

  @AfterEach
  void close() throws Exception {
    if (service != null) {
      service.close();
    }
    if (proxy != null) {
      proxy.close();
    }
  }

  /** Without a key: it is the transaction's id alone that tells. */
  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "AFTER_COMMIT", "BEFORE_ANSWER"})
  void request_isStoredOnce(Point point) throws Exception {
    proxy.arm(new Trap(point, 0, 0, true, false));
    HttpResponse<String> answer = service.post(EVENTS);
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals("100", service.query("SELECT count(*) FROM t"));
    assertEquals("100", service.query("SELECT count(*) FROM u"));
    assertEquals(1, service.metric("attolytics_flush_errors_total{sqlstate_class=\"08\"}"));
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "AFTER_COMMIT", "BEFORE_ANSWER"})
  void requestWithAKey_isStoredOnce(Point point) throws Exception {
    Trap trap = new Trap(point, 0, 0, true, false);
    proxy.arm(trap);
    HttpResponse<String> answer = service.post("k", EVENTS);
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(trap.awaitSprung(0), "no COMMIT");
    HttpResponse<String> again = service.post("k", EVENTS);
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse("missing"));
    assertEquals("100", service.query("SELECT count(*) FROM t"));
    assertEquals("100", service.query("SELECT count(*) FROM u"));
  }
}
