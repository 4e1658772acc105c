package attolytics.flush.transaction;

import attolytics.buffer.NanoClock;
import attolytics.database.AbortableSocketFactory;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Aborts a writer's connection on which the database does not respond in time: a socket's own
 * timeout applies neither to a write that blocks nor to a slow trickle of bytes. The writer sets
 * the deadline, another thread aborts.
 */
final class Watchdog {
  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);

  private final NanoClock clock;
  private @Nullable Connection watched;
  private long deadline;
  private boolean aborted;

  Watchdog(NanoClock clock) {
    this.clock = clock;
  }

  /** Aborts the connection at that time, by the clock, unless it is released before. */
  synchronized void watch(Connection connection, long deadlineNanos) {
    watched = connection;
    deadline = deadlineNanos;
    aborted = false;
  }

  /**
   * Ends the watch: the connection is not aborted from here on.
   *
   * @return whether it was aborted
   */
  synchronized boolean release() {
    watched = null;
    return aborted;
  }

  /** Aborts the connection if it is overdue. Any thread. */
  synchronized void check() {
    if (watched != null && !aborted && clock.nanoTime() - deadline > 0) {
      log.warn("No response from the database before the deadline; aborting the connection");
      abortConnection(watched);
    }
  }

  /** Aborts the connection, if there is one. Any thread. */
  synchronized void abort() {
    if (watched != null && !aborted) {
      abortConnection(watched);
    }
  }

  private void abortConnection(Connection connection) {
    aborted = true;
    try {
      AbortableSocketFactory.abort(connection);
    } catch (SQLException e) {
      log.debug("Cannot abort a connection", e);
    }
  }
}
