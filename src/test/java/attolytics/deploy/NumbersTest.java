package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.CommandResult;
import attolytics.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The numbers in {@code deploy/} agree with each other and with the service's defaults. */
class NumbersTest {
  /** What the service may take after the drain timeout: for the answers to what it gave up. */
  private static final Duration AFTER_DRAIN = Duration.ofSeconds(6);

  /** What the JVM takes beside its heap, with room to spare. */
  private static final int BESIDE_HEAP_MIB = 192;

  private static final String COMPOSE = "deploy/container/compose.yaml";
  private static final String KUBERNETES = "deploy/kubernetes/attolytics.yaml";

  private final Settings defaults = CommandResult.settings();

  private static String first(String file, String pattern) throws IOException {
    Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(Path.of(file)));
    assertTrue(matcher.find(), file + " has no " + pattern);
    return matcher.group(1);
  }

  private static String nginx(String directive) throws IOException {
    return first("deploy/nginx/attolytics.conf", "\\n *" + directive + " ([^;]+);");
  }

  private static Duration seconds(String text) {
    return Duration.ofSeconds(Long.parseLong(text.replaceFirst("s$", "")));
  }

  private static int mebibytes(String text) {
    return Integer.parseInt(text.replaceFirst("(?i)(m|mi|mib)$", ""));
  }

  private static void assertLonger(Duration longer, Duration shorter) {
    assertTrue(longer.compareTo(shorter) > 0, longer + " is not longer than " + shorter);
  }

  private Duration stop() {
    return defaults.drainTimeout().plus(AFTER_DRAIN);
  }

  @Test
  void nginx_takesTheSameBodies() throws Exception {
    assertEquals(defaults.maxBody(), mebibytes(nginx("client_max_body_size")) << 20);
  }

  @Test
  void nginx_waitsLongerThanTheServiceDoes() throws Exception {
    assertLonger(seconds(nginx("proxy_read_timeout")), defaults.ackTimeout());
    assertLonger(defaults.ackTimeout(), seconds(nginx("proxy_next_upstream_timeout")));
    String upstream = "(?s)upstream attolytics \\{.*?keepalive_timeout (\\d+s);";
    assertLonger(defaults.idleTimeout(), seconds(first("deploy/nginx/attolytics.conf", upstream)));
    assertEquals(defaults.bodyTimeout(), seconds(nginx("client_body_timeout")));
    assertEquals(defaults.headerTimeout(), seconds(nginx("client_header_timeout")));
  }

  @Test
  void instances_areWhereNginxAndPrometheusLookForThem() throws Exception {
    String nginx = Files.readString(Path.of("deploy/nginx/attolytics.conf"));
    String prometheus = Files.readString(Path.of("deploy/prometheus/prometheus.yml"));
    for (String instance : List.of("a", "b")) {
      String file = "deploy/systemd/" + instance + ".env";
      String server = "server 127.0.0.1:" + first(file, "ATTOLYTICS_PORT=(\\d+)") + " ";
      assertTrue(nginx.contains(server), server);
      String target = "\"127.0.0.1:" + first(file, "ATTOLYTICS_ADMIN_PORT=(\\d+)") + "\"";
      assertTrue(prometheus.contains(target), target);
    }
    assertEquals(
        defaults.port() + " " + defaults.adminPort(),
        first("deploy/container/Dockerfile", "EXPOSE (.*)"));
    List<Yaml> ports = container().at("ports").list();
    assertEquals(defaults.port(), ports.get(0).at("containerPort").number());
    assertEquals(defaults.adminPort(), ports.get(1).at("containerPort").number());
  }

  @Test
  void unit_hasTimeToStartAndStop() throws Exception {
    assertLonger(seconds(Unit.value("TimeoutStopSec")), stop());
    assertLonger(seconds(Unit.value("TimeoutStartSec")), defaults.ackTimeout());
  }

  @Test
  void memory_holdsHeapAndWhatIsBesideIt() throws Exception {
    Yaml attolytics = Yaml.read(COMPOSE).at("services", "attolytics");
    assertMemory(Unit.value("Environment"), Unit.value("MemoryMax"));
    assertMemory(
        attolytics.at("environment", "JDK_JAVA_OPTIONS").text(), attolytics.at("mem_limit").text());
    for (String kind : List.of("requests", "limits")) {
      assertMemory(
          Files.readString(Path.of(KUBERNETES)),
          container().at("resources", kind, "memory").text());
    }
  }

  private void assertMemory(String options, String memory) {
    Matcher heap = Pattern.compile("-Xmx(\\d+)m").matcher(options);
    assertTrue(heap.find(), options);
    int mebibytes = Integer.parseInt(heap.group(1));
    assertTrue(mebibytes >= 4 * (defaults.maxBuffer() >> 20), options);
    assertTrue(mebibytes(memory) >= mebibytes + BESIDE_HEAP_MIB, memory);
  }

  @Test
  void containers_haveTimeToStop() throws Exception {
    Yaml compose = Yaml.read(COMPOSE);
    assertLonger(seconds(compose.at("services", "attolytics", "stop_grace_period").text()), stop());
    Yaml preStop = container().at("lifecycle", "preStop", "sleep", "seconds");
    assertLonger(
        seconds(pod().at("terminationGracePeriodSeconds").text()),
        stop().plusSeconds(preStop.number()));
  }

  @Test
  void readiness_outlastsWhatTheBufferIsFor() throws Exception {
    Yaml probe = container().at("readinessProbe");
    long patience =
        (long) probe.at("periodSeconds").number() * probe.at("failureThreshold").number();
    assertTrue(patience >= defaults.ackTimeout().toSeconds(), probe::text);
  }

  @Test
  void user_isThatOfTheImage() throws Exception {
    Yaml context = pod().at("securityContext");
    assertEquals(
        first("deploy/container/Dockerfile", "USER (.*)"),
        context.at("runAsUser").text() + ":" + context.at("runAsGroup").text());
  }

  @Test
  void waitingRows_callBeforeTheirRequestsAreGivenUp() throws Exception {
    String waiting = Rules.alert("AttolyticsRowsWaiting").at("expr").text();
    assertLonger(defaults.ackTimeout(), seconds(waiting.substring(waiting.lastIndexOf(' ') + 1)));
  }

  private static Yaml pod() throws IOException {
    return Yaml.readKind(KUBERNETES, "Deployment").at("spec", "template", "spec");
  }

  private static Yaml container() throws IOException {
    return pod().at("containers", 0);
  }
}
