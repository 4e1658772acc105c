package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests: with what the database decided, or, once their ack timeout is over, that it has
 * not decided. Used by one thread, but for {@link #abandon}.
 */
final class Settlement {
  private static final Logger log = LoggerFactory.getLogger(Settlement.class);

  private final CommitRecovery recovery;
  private final long ackTimeoutNanos;
  private final NanoClock clock;
  private long byDatabase;
  private long byKey;
  private volatile boolean abandoned;

  Settlement(CommitRecovery recovery, Duration ackTimeout, NanoClock clock) {
    this.recovery = recovery;
    this.ackTimeoutNanos = ackTimeout.toNanos();
    this.clock = clock;
  }

  /** Answers the request; a failure there does not keep others from their answers. */
  void settle(Batch batch, Outcome outcome) {
    Outcome settled = recovery.endDoubt(batch, outcome);
    if (settled.kind().isOfDatabase()) {
      byDatabase++;
    }
    if (settled.kind().isOfKey()) {
      byKey++;
    }
    try {
      batch.settle(settled);
    } catch (RuntimeException | Error e) {
      log.error("Cannot answer a request, whose outcome is {}", settled.kind(), e);
    }
  }

  /** How many requests the database has decided on. */
  long byDatabase() {
    return byDatabase;
  }

  /** How many of these by their Idempotency-Key alone: no row was written. */
  long byKey() {
    return byKey;
  }

  /**
   * Answers those whose time is over, and returns the others.
   *
   * @param reason why they were not written in time
   */
  List<Batch> withoutExpired(List<Batch> part, String reason) {
    return withoutExpired(part, () -> expiry(reason)); // which depends on what made them expire
  }

  /** The same, with another outcome. */
  List<Batch> withoutExpired(List<Batch> part, Outcome outcome) {
    return withoutExpired(part, () -> outcome);
  }

  private List<Batch> withoutExpired(List<Batch> part, Supplier<Outcome> outcome) {
    long now = clock.nanoTime();
    Set<Batch> expired = new LinkedHashSet<>();
    for (Batch batch : part) {
      if (isExpired(batch, now)) { // once for each: all expire as soon as they are abandoned
        expired.add(batch);
      }
    }
    if (expired.isEmpty()) {
      return part;
    }
    List<Batch> left = Split.without(part, expired::contains);
    expired.forEach(batch -> settle(batch, outcome.get()));
    return left;
  }

  /** Answers those of the deferred requests whose time is over. */
  void expire(Deferred deferred) {
    long now = clock.nanoTime();
    deferred.removeIf(
        batch -> isExpired(batch, now), (batch, reason) -> settle(batch, expiry(reason)));
  }

  private boolean isExpired(Batch batch, long now) {
    return abandoned || now - batch.acceptedNanos() > ackTimeoutNanos;
  }

  private Outcome expiry(String reason) {
    return abandoned ? Outcome.STOPPED : Outcome.unavailable(reason);
  }

  /** Ends the time of all requests. Any thread. */
  void abandon() {
    abandoned = true;
  }

  boolean isAbandoned() {
    return abandoned;
  }
}
