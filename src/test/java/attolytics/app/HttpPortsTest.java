package attolytics.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.http.IngestHandler;
import attolytics.http.server.HttpServer;
import attolytics.metrics.PrometheusMetrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.settings.Environment;
import attolytics.settings.Settings;
import attolytics.settings.SettingsOptions;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class HttpPortsTest {
  private final PrometheusMetrics metrics =
      new PrometheusMetrics(
          List.of(), List.of(), IngestHandler.statuses(), IngestHandler.reasons());
  private final RecentRefusals refusals = new RecentRefusals();

  @AfterEach
  void close() {
    metrics.close();
  }

  private HttpPorts ports() throws Exception {
    SettingsOptions mixin = new SettingsOptions(new Environment(Map.of()));
    CommandLine command = new CommandLine(CommandLine.Model.CommandSpec.create());
    command.addMixin("settings", mixin);
    command.parseArgs("--port=0", "--admin_port=0");
    Settings settings = mixin.toSettings();
    HeapShare heap = HeapShare.of(settings, 256 << 20, 1);
    return new HttpPorts(settings, heap, metrics, refusals, new RecentOutages());
  }

  private static void sendNoHttp(HttpServer server) throws Exception {
    try (Socket client = new Socket("localhost", server.port())) {
      client.getOutputStream().write("\26\3\1\2\0\1\0\1\r\n".getBytes(US_ASCII));
      String answer = new String(client.getInputStream().readAllBytes(), UTF_8);
      assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
    }
  }

  private long refused() {
    return metrics.requestsRefused(Set.of("malformed_request"));
  }

  /** As for example a probe with https:// is, every ten seconds. */
  @Test
  void requestThatIsRefused_countsOnThePublicPortOnly() throws Exception {
    try (HttpServer admin = ports().openAdmin(exchange -> {})) {
      sendNoHttp(admin);
    }
    assertEquals(0, refused());
    assertEquals(List.of(), refusals.newestFirst());
    try (HttpServer open = ports().openPublic(exchange -> {})) {
      sendNoHttp(open);
    }
    assertEquals(1, refused());
    assertEquals(1, refusals.newestFirst().size());
  }
}
