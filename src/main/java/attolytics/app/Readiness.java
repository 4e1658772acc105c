package attolytics.app;

import attolytics.admin.NotReady;
import attolytics.logging.LogMarkers;
import java.time.Instant;
import java.time.InstantSource;
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

  /**
   * What keeps the service from being ready.
   *
   * @param reason one of a few: another one is logged as a change
   * @param cause what is known of it, or null
   */
  record Obstacle(String reason, @Nullable String cause) {
    /** With no more than a reason, which may be null if there is no obstacle. */
    static @Nullable Obstacle of(@Nullable String reason) {
      return reason == null ? null : new Obstacle(reason, null);
    }
  }

  /**
   * What it was at a change.
   *
   * @param since when it became ready, or the opposite
   */
  private record State(boolean ready, Instant since) {}

  /**
   * What {@link #logChange} saw.
   *
   * @param unready why no request would have been accepted, or null
   * @param at when the change began, if it saw one, otherwise when it looked
   */
  record Seen(@Nullable NotReady unready, Instant at) {}

  private final InstantSource clock;
  private final List<Supplier<@Nullable Obstacle>> checks = new CopyOnWriteArrayList<>();
  private volatile @Nullable Obstacle phase = new Obstacle("starting", null);
  private volatile State state;
  private @Nullable State unconfirmed;
  private @Nullable String logged;
  private volatile Seen lastSeen;

  Readiness(InstantSource clock) {
    this.clock = clock;
    this.state = new State(false, clock.instant());
    this.lastSeen = new Seen(null, state.since());
  }

  /**
   * The service is starting or stopping.
   *
   * @param reason the phase that it is in
   * @param cause what it waits for, or null
   */
  void setNotReady(String reason, @Nullable String cause) {
    phase = new Obstacle(reason, cause);
    confirm(false);
  }

  /** The start is complete. From now on the checks decide. */
  void setReady() {
    phase = null;
    confirm(true);
  }

  /**
   * Adds a check.
   *
   * @param check returns why the service is not ready, or null; does not block
   */
  void addCheck(Supplier<@Nullable Obstacle> check) {
    checks.add(check);
  }

  /**
   * Logs a change since the last call. Called periodically, by one thread at a time. Start and stop
   * log lines of their own.
   */
  void logChange() {
    Obstacle obstacle = obstacle();
    NotReady unready = obstacle == null ? null : notReady(obstacle);
    Instant before = state.since();
    Instant since = confirm(unready == null);
    boolean changed = (unready == null) != (lastSeen.unready() == null);
    lastSeen = new Seen(unready, changed ? since : clock.instant());
    String reason = unready == null ? null : unready.reason();
    if (phase != null || Objects.equals(reason, logged)) {
      return;
    }
    logged = reason;
    if (unready == null) {
      log.atInfo()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("ready again after {} s", since.getEpochSecond() - before.getEpochSecond());
    } else {
      log.atWarn().addMarker(LogMarkers.STATE_CHANGE).log("not ready: {}", unready.textWithTime());
    }
  }

  /** What {@link #logChange} saw when it was called the last time. Any thread. */
  Seen lastSeen() {
    return lastSeen;
  }

  /** When it became ready, or the opposite. Any thread; does not block. */
  Instant since() {
    return since(obstacle() == null);
  }

  /** Who sees a change first sets its time: the log, the pages and the probes name the same one. */
  private synchronized Instant since(boolean ready) {
    if (ready == state.ready()) {
      unconfirmed = null;
      return state.since();
    }
    if (unconfirmed == null) {
      unconfirmed = new State(ready, clock.instant());
    }
    return unconfirmed.since();
  }

  private synchronized Instant confirm(boolean ready) {
    state = new State(ready, since(ready));
    unconfirmed = null;
    return state.since();
  }

  /** Why no request would be accepted now, or null if one would. Any thread; does not block. */
  @Nullable NotReady notReady() {
    Obstacle obstacle = obstacle();
    return obstacle == null ? null : notReady(obstacle);
  }

  private NotReady notReady(Obstacle obstacle) {
    return new NotReady(obstacle.reason(), obstacle.cause(), since(false));
  }

  private @Nullable Obstacle obstacle() {
    Obstacle obstacle = phase;
    for (int i = 0; obstacle == null && i < checks.size(); i++) {
      obstacle = checks.get(i).get();
    }
    return obstacle;
  }
}
