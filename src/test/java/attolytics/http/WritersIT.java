package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.Eventually;
import attolytics.app.RunningService;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several writers, which share what arrives. */
class WritersIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;
  private static final String BODY =
      "{\"secret_key\":\"sesame\",\"events\":["
          + "{\"_t\":\"t\",\"n\":1},".repeat(9)
          + "{\"_t\":\"t\",\"n\":1}]}";
  private static final int CLIENTS = 64;
  private static final String BUSY = "attolytics_writer_busy_seconds_total{writer=";

  /** Whatever IO thread they come from, the burst is for both; a lone one may be for one writer. */
  @Test
  void bursts_areSharedByTheWriters() throws Exception {
    List<RawClient> clients = new ArrayList<>();
    try (RunningService service = RunningService.start(SCHEMA, "", "--writers=2")) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(new RawClient(service));
      }
      Eventually.await(
          "both writers have flushed",
          () -> {
            burst(clients);
            return service.metric(BUSY + "\"0\"}") > 0 && service.metric(BUSY + "\"1\"}") > 0;
          });
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  private static void burst(List<RawClient> clients) throws IOException {
    for (RawClient client : clients) {
      client.send(RawClient.post("/apps/a/events", BODY));
    }
    for (RawClient client : clients) {
      assertEquals(200, client.read().status());
    }
  }
}
