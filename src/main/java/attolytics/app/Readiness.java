package attolytics.app;

import attolytics.logging.LogMarkers;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a request would be accepted now. Each change is logged. */
final class Readiness {
  private static final Logger log = LoggerFactory.getLogger(Readiness.class);

  private volatile @Nullable String phase = "starting";
  private final List<Supplier<@Nullable String>> checks = new CopyOnWriteArrayList<>();
  private volatile Instant since = Instant.now();
  private @Nullable String logged;

  /**
   * The service is starting or stopping.
   *
   * @param reason the phase that it is in
   */
  void setNotReady(String reason) {
    if (phase == null) {
      since = Instant.now();
    }
    phase = reason;
  }

  /** The start is complete. From now on the checks decide. */
  void setReady() {
    phase = null;
    since = Instant.now();
  }

  /**
   * Adds a check.
   *
   * @param check returns why the service is not ready, or null
   */
  void addCheck(Supplier<@Nullable String> check) {
    checks.add(check);
  }

  /**
   * Logs a change since the last call. Called periodically, by one thread at a time. Start and stop
   * log lines of their own.
   */
  void logChange() {
    String now = notReadyReason();
    if (phase != null || Objects.equals(now, logged)) {
      return;
    }
    if (now == null || logged == null) {
      since = Instant.now();
    }
    logged = now;
    if (now == null) {
      log.atInfo().addMarker(LogMarkers.STATE_CHANGE).log("ready");
    } else {
      log.atWarn().addMarker(LogMarkers.STATE_CHANGE).log("not ready: {}", now);
    }
  }

  /** When it became ready, or the opposite. Any thread; does not block. */
  Instant since() {
    return since;
  }

  /** Why no request would be accepted now, or null if one would. Any thread; does not block. */
  @Nullable String notReadyReason() {
    String reason = phase;
    for (int i = 0; reason == null && i < checks.size(); i++) {
      reason = checks.get(i).get();
    }
    return reason;
  }
}
