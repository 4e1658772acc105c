package attolytics.app;

import attolytics.logging.Logging;
import attolytics.settings.Settings;
import java.time.Duration;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops the service: drains the pipeline, then closes its parts, those registered last first.
 *
 * <p>A part that fails to stop or close does not keep the others from it, and a part that blocks,
 * for example on a database that does not respond, does not keep the process from its exit. Used by
 * one thread.
 */
final class Shutdown {
  private static final Logger log = LoggerFactory.getLogger(Shutdown.class);

  /** For the answers to abandoned requests: as long as a writer may be busy connecting. */
  private static final Duration ABANDON_TIMEOUT = Duration.ofSeconds(5);

  /** For closing the parts. The drain leaves so much of its timeout, or a part of a short one. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

  private static final int CLOSE_PART = 4;

  /** For the IO threads to refuse what has arrived since the drain. */
  private static final Duration REFUSE_TIMEOUT = Duration.ofMillis(500);

  /** What systemd allows a stop beyond the drain timeout. */
  private static final Duration STOP_MARGIN = Duration.ofSeconds(10);

  private final Duration drainTimeout;
  private final Housekeeping housekeeping;
  private final Pipeline pipeline;
  private final Readiness readiness;
  private final Systemd systemd;
  private final Deque<AutoCloseable> parts = new ConcurrentLinkedDeque<>();
  private volatile @Nullable AutoCloseable port;
  private final CountDownLatch begun = new CountDownLatch(1);
  private boolean stopped;

  Shutdown(
      Settings settings,
      Housekeeping housekeeping,
      Pipeline pipeline,
      Readiness readiness,
      Systemd systemd) {
    this.drainTimeout = settings.drainTimeout();
    this.housekeeping = housekeeping;
    this.pipeline = pipeline;
    this.readiness = readiness;
    this.systemd = systemd;
  }

  /** Has the part closed before those that were registered earlier. */
  <T extends AutoCloseable> T register(T part) {
    parts.push(part);
    return part;
  }

  /** Has the public port closed before anything else, at the moment that the grace period chose. */
  <T extends AutoCloseable> T registerPort(T opened) {
    port = opened;
    return opened;
  }

  /** At zero once the service is being stopped or closed. */
  CountDownLatch begun() {
    return begun;
  }

  /** Stops as {@link #stop(CountDownLatch)} does, without a grace period. */
  boolean stop() {
    return stop(new CountDownLatch(1), DrainGrace.NONE);
  }

  /**
   * Refuses new requests, flushes and answers what was accepted, and closes everything. A second
   * call does nothing.
   *
   * @param hurry at zero, the drain is cut short
   * @return whether everything accepted was answered within the drain timeout
   */
  boolean stop(CountDownLatch hurry) {
    return stop(hurry, DrainGrace.FOR_PROXIES);
  }

  /**
   * @param grace for how long the port answers 503 after the drain, unless in a hurry
   */
  boolean stop(CountDownLatch hurry, DrainGrace grace) {
    if (stopped) {
      return true;
    }
    stopped = true;
    begun.countDown();
    long deadline = System.nanoTime() + drainTimeout.toNanos();
    long drainEnd = deadline - closeNanos();
    attempt(this::announce);
    boolean drained = false;
    try {
      drained = drain(drainEnd, hurry);
      grace.await(pipeline::refusedNanos, drainEnd, hurry);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close(drained ? deadline : System.nanoTime() + CLOSE_TIMEOUT.toNanos());
    Logging.end(); // so that this line is the last
    log.info(drained ? "stopped" : "stopped before all accepted requests were answered");
    return drained;
  }

  private long closeNanos() {
    return Math.min(CLOSE_TIMEOUT.toNanos(), drainTimeout.toNanos() / CLOSE_PART);
  }

  private void announce() {
    readiness.setNotReady("draining", "the service is shutting down");
    log.info("stopping");
    systemd.stopping();
    systemd.extendTimeout(drainTimeout.plus(STOP_MARGIN));
    systemd.status("draining");
  }

  private boolean drain(long deadline, CountDownLatch hurry) throws InterruptedException {
    BooleanSupplier expired = () -> isPast(deadline) || hurry.getCount() == 0;
    if (pipeline.drain(expired)) {
      return true;
    }
    log.warn("drain incomplete: failing all requests that are not committed");
    long end = System.nanoTime() + ABANDON_TIMEOUT.toNanos();
    pipeline.abandon(() -> isPast(end));
    return false;
  }

  private static boolean isPast(long nanos) {
    return System.nanoTime() - nanos > 0;
  }

  /** Closes everything without a drain. */
  void close() {
    close(System.nanoTime() + drainTimeout.toNanos());
  }

  /** In a thread of its own; what is not closed at the deadline ends with the process. */
  private void close(long deadline) {
    Thread closer = new Thread(this::closeParts, "closer");
    closer.setDaemon(true);
    closer.start();
    try {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      closer.join(Math.max(1, left));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (closer.isAlive()) {
      log.warn("timed out closing the service's resources");
    }
  }

  private void closeParts() {
    begun.countDown();
    AutoCloseable opened = port;
    if (opened != null) {
      attempt(this::refuseBodies);
    }
    attempt(housekeeping::close); // before threads end that it watches
    if (opened != null) {
      attempt(opened::close);
    }
    attempt(pipeline::stopWriters);
    for (AutoCloseable part = parts.poll(); part != null; part = parts.poll()) {
      attempt(part::close);
    }
  }

  /** A body that began to arrive after the drain would be cut off without an answer. */
  private void refuseBodies() throws InterruptedException {
    long end = System.nanoTime() + REFUSE_TIMEOUT.toNanos();
    pipeline.refuseBodies(() -> isPast(end));
  }

  private static void attempt(Step step) {
    try {
      step.run();
    } catch (Exception | Error e) {
      log.error("Cannot stop a part of the service", e);
    }
  }

  /** A step of the stop. */
  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }
}
