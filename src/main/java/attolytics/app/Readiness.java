package attolytics.app;

import attolytics.logging.LogMarkers;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a request would be accepted now, and a line in the log whenever that changes. */
final class Readiness {
  private static final Logger log = LoggerFactory.getLogger(Readiness.class);

  private volatile @Nullable String phase = "starting";
  private final List<Supplier<@Nullable String>> obstacles = new CopyOnWriteArrayList<>();
  private @Nullable String logged;

  /** The service is not there yet, or not any more. */
  void isNot(String why) {
    phase = why;
  }

  /** The service is there. */
  void isReached() {
    phase = null;
  }

  /**
   * Adds what may stand in the way of a service that is there.
   *
   * @param obstacle says what does, or null
   */
  void unless(Supplier<@Nullable String> obstacle) {
    obstacles.add(obstacle);
  }

  /**
   * Logs what has changed since the last call. To be called again and again, by one thread at a
   * time. Start and stop have lines of their own.
   */
  void logChange() {
    String now = obstacle();
    if (phase != null || Objects.equals(now, logged)) {
      return;
    }
    logged = now;
    if (now == null) {
      log.atInfo().addMarker(LogMarkers.STATE_CHANGE).log("ready");
    } else {
      log.atWarn().addMarker(LogMarkers.STATE_CHANGE).log("not ready: {}", now);
    }
  }

  /** Why no request would be accepted now, or null if it would. Any thread, at once. */
  @Nullable String obstacle() {
    String reason = phase;
    for (int i = 0; reason == null && i < obstacles.size(); i++) {
      reason = obstacles.get(i).get();
    }
    return reason;
  }
}
