package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

class IngestHandlerTest {
  @Test
  void reasonsWithoutDatabase_areNeitherAStopsNorAClients() {
    assertEquals(
        Set.of("database_unavailable", "buffer_full"), IngestHandler.reasonsWithoutDatabase(503));
    assertEquals(Set.of("outcome_unknown"), IngestHandler.reasonsWithoutDatabase(504));
  }
}
