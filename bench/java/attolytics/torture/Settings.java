package attolytics.torture;

import attolytics.PgBouncer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run is to be.
 *
 * @param duration of the faults; what follows takes a minute or two more at most
 * @param clients that send all the time
 * @param ackTimeout of the services; some faults take longer than the usual one here
 * @param keys whether clients send Idempotency-Keys
 * @param faults the only ones, or empty for all
 * @param writers of each instance
 * @param pooled how many of the instances have PgBouncer before their database
 * @param embedded whether to take the embedded PostgreSQL in any case
 * @param timed whether a request may not wait for others longer than it has to: not where the
 *     machine may be slow
 * @param out directory of the logs
 * @param serviceOptions added to those of each instance
 */
record Settings(
    long seed,
    Duration duration,
    int clients,
    Duration ackTimeout,
    boolean keys,
    List<Fault> faults,
    int writers,
    int pooled,
    boolean embedded,
    boolean timed,
    Path out,
    List<String> serviceOptions) {
  /** Shorter than some faults. */
  static final Duration ACK_TIMEOUT = Duration.ofSeconds(4);

  static final int WRITERS = 2;

  /** Both ways to the database in one run, where that is possible. */
  static int defaultPooled() {
    return PgBouncer.isInstalled() ? 1 : 0;
  }

  Duration drainTimeout() {
    return ackTimeout.multipliedBy(2);
  }

  /** How much later than the ack timeout an answer may come. The machine may be busy. */
  Duration slack() {
    return Duration.ofSeconds(8);
  }

  /** How long a client tries to deliver a request: longer than any fault. */
  Duration patience() {
    return Duration.ofMinutes(2);
  }

  /** The last ones are. */
  boolean isPooled(int instance) {
    return instance >= Scene.INSTANCES - pooled;
  }

  List<String> instanceOptions() {
    List<String> options = new ArrayList<>();
    options.add("--ack_timeout=" + ackTimeout.toSeconds() + "s");
    options.add("--drain_timeout=" + drainTimeout().toSeconds() + "s");
    options.add("--max_buffer=4MiB");
    options.add("--writers=" + writers);
    options.add("--quarantine_rows=" + QuarantineFaults.MAX_ROWS);
    options.addAll(serviceOptions);
    return options;
  }
}
