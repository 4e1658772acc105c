package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import attolytics.flush.Thresholds;
import attolytics.flush.Writer;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.metrics.History;
import attolytics.metrics.Metrics;
import attolytics.metrics.PrometheusMetrics;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXSocketAddress;

@Timeout(300)
class HeartbeatTest {
  @TempDir Path directory;

  private final PrometheusMetrics metrics =
      new PrometheusMetrics(List.of(), List.of(), Set.of(), Set.of());
  private final Readiness readiness = new Readiness(InstantSource.system());
  private final HikariDataSource database = new HikariDataSource();
  private final Ring ring = new Ring(64);
  private final Writer writer = writer(Metrics.NONE);
  private Map<String, String> environment;
  private NotifySocket socket;

  @BeforeEach
  void listen() throws Exception {
    Path path = directory.resolve("notify");
    socket = new NotifySocket(AFUNIXSocketAddress.of(path.toFile()));
    environment = new HashMap<>(Map.of("NOTIFY_SOCKET", path.toString()));
  }

  @AfterEach
  void close() {
    writer.stop();
    socket.close();
    database.close();
    metrics.close();
  }

  private Writer writer(Metrics told) {
    return Writer.share(
            ring,
            1,
            database,
            OutcomeLookup.BY_TRANSACTION,
            new Thresholds(1, 1, Duration.ZERO),
            Duration.ofSeconds(1),
            Long.MAX_VALUE,
            Duration.ofDays(1),
            told,
            status -> 0)
        .get(0);
  }

  private void beat(Writer of, Duration longestSilence) throws Exception {
    try (Systemd systemd = Systemd.of(environment)) {
      Liveness liveness = new Liveness(List.of(of), longestSilence);
      new Heartbeat(systemd, readiness, new History(metrics), liveness, metrics.schema()).run();
      systemd.status("end");
    }
    socket.await("STATUS=end"::equals);
  }

  @Test
  void writerThatRuns_isToldOf() throws Exception {
    Thread thread = new Thread(writer);
    thread.start();
    beat(writer, Duration.ofMinutes(1));
    assertEquals(1, socket.count("WATCHDOG=1"));
  }

  @Test
  void writerThatHangs_isNot() throws Exception {
    Thread.sleep(2); // it has given no sign of life since it was made
    beat(writer, Duration.ofMillis(1));
    assertEquals(0, socket.count("WATCHDOG=1"));
  }

  @Test
  void writerThatFailed_isNot() throws Exception {
    Batch batch = new Batch(64);
    batch.accept(outcome -> {}, System.nanoTime());
    ring.offer(batch);
    Writer broken = writer(failingMetrics());
    broken.stop();
    broken.run();
    beat(broken, Duration.ofMinutes(1));
    assertEquals(0, socket.count("WATCHDOG=1"));
  }

  private static Metrics failingMetrics() {
    return (Metrics)
        Proxy.newProxyInstance(
            Metrics.class.getClassLoader(),
            new Class<?>[] {Metrics.class},
            (self, method, arguments) -> {
              throw new IllegalStateException("a bug");
            });
  }

  @Test
  void writerThatCameToItsEnd_isNoReasonForAlarm() throws Exception {
    writer.stop();
    writer.run();
    Thread.sleep(2);
    beat(writer, Duration.ofMillis(1));
    assertEquals(1, socket.count("WATCHDOG=1"));
  }

  @Test
  void status_saysWhyTheServiceIsNotReady_orHowMuchItStores() throws Exception {
    beat(writer, Duration.ofMinutes(1));
    socket.await("STATUS=not ready: starting"::equals);
    readiness.setReady();
    beat(writer, Duration.ofMinutes(1));
    socket.await("STATUS=ready, 0 rows/s"::equals);
    metrics.reloaded(false);
    beat(writer, Duration.ofMinutes(1));
    socket.await("STATUS=ready, 0 rows/s; the last reload was refused"::equals);
  }

  @Test
  void watchdogTimeout_isWhatSystemdSays_ifThisProcessIsMeant() {
    environment.put("WATCHDOG_USEC", "30000000");
    assertEquals(Duration.ofSeconds(30), watchdogTimeout());
    environment.put("WATCHDOG_PID", Long.toString(ProcessHandle.current().pid()));
    assertEquals(Duration.ofSeconds(30), watchdogTimeout());
    environment.put("WATCHDOG_PID", "1");
    assertEquals(null, watchdogTimeout());
    environment.remove("WATCHDOG_PID");
    environment.put("WATCHDOG_USEC", "soon");
    assertEquals(null, watchdogTimeout());
  }

  private @Nullable Duration watchdogTimeout() {
    try (Systemd systemd = Systemd.of(environment)) {
      return systemd.watchdogTimeout();
    }
  }
}
