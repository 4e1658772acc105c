package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.app.RunningService;
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
      "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":1}]}";
  private static final int CLIENTS = 64;

  /** All at once: it is then that IO threads come for their first request at the same moment. */
  @Test
  void firstRequestsOfAllIoThreads_areSharedByTheWriters() throws Exception {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a single IO thread");
    List<RawClient> clients = new ArrayList<>();
    try (RunningService service = RunningService.start(SCHEMA, "", "--writers=2")) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(new RawClient(service));
      }
      for (RawClient client : clients) {
        client.send(RawClient.post("/apps/a/events", BODY));
      }
      for (RawClient client : clients) {
        assertEquals(200, client.read().status());
      }
      for (int writer = 0; writer < 2; writer++) {
        String busy = "attolytics_writer_busy_seconds_total{writer=\"" + writer + "\"}";
        assertTrue(service.metric(busy) > 0, "writer " + writer + " has nothing to do");
      }
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
  }
}
