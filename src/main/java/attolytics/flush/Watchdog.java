package attolytics.flush;

import attolytics.buffer.NanoClock;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Breaks a writer's connection when the database has kept silent for too long: a socket's own
 * timeout sees neither a write that blocks nor a trickle. The writer watches, another thread
 * breaks.
 */
final class Watchdog {
  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);

  private final NanoClock clock;
  private @Nullable Connection watched;
  private long deadline;
  private boolean broken;

  Watchdog(NanoClock clock) {
    this.clock = clock;
  }

  /** Breaks the connection at that time, by the clock, unless it is freed before. */
  synchronized void watch(Connection connection, long deadlineNanos) {
    watched = connection;
    deadline = deadlineNanos;
    broken = false;
  }

  /**
   * Lets go of the connection, which is not touched any more from here on.
   *
   * @return whether it was broken
   */
  synchronized boolean release() {
    watched = null;
    return broken;
  }

  /** Breaks what is overdue. Any thread. */
  synchronized void check() {
    if (watched != null && !broken && clock.nanoTime() - deadline > 0) {
      log.warn("The database keeps silent: giving the connection up");
      breakConnection(watched);
    }
  }

  /** Breaks what is watched, whether overdue or not. Any thread. */
  synchronized void abort() {
    if (watched != null && !broken) {
      breakConnection(watched);
    }
  }

  private void breakConnection(Connection connection) {
    broken = true;
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      log.debug("Could not break a connection", e);
    }
  }
}
