package attolytics.app;

import attolytics.admin.NotReady;
import attolytics.metrics.History;
import attolytics.metrics.SchemaMeters;
import java.time.Duration;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Feeds systemd's watchdog while the service makes progress, and updates its status line. */
final class Heartbeat implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);
  private static final Duration STATUS_PERIOD = Duration.ofSeconds(1);

  private final Systemd systemd;
  private final Readiness readiness;
  private final History history;
  private final Liveness liveness;
  private final SchemaMeters schema;

  Heartbeat(
      Systemd systemd,
      Readiness readiness,
      History history,
      Liveness liveness,
      SchemaMeters schema) {
    this.systemd = systemd;
    this.readiness = readiness;
    this.history = history;
    this.liveness = liveness;
    this.schema = schema;
  }

  /** The longest time between two runs. */
  Duration period() {
    Duration timeout = systemd.watchdogTimeout();
    Duration third = timeout == null ? STATUS_PERIOD : timeout.dividedBy(3);
    return third.compareTo(STATUS_PERIOD) < 0 ? third : STATUS_PERIOD;
  }

  @Override
  public void run() {
    String problem = liveness.problem();
    if (problem == null) {
      systemd.feedWatchdog();
    } else {
      log.error("not feeding the systemd watchdog: {}", problem);
    }
    NotReady unready = readiness.notReady();
    String state =
        unready == null
            ? String.format(Locale.ROOT, "ready, %.0f rows/s", history.rowsPerSecond())
            : "not ready: " + unready.text();
    systemd.status(schema.refused() == null ? state : state + "; the last reload was refused");
  }
}
