package attolytics.flush.transaction;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Terminates the sessions of instances that stopped in the middle of a COPY, such as a frozen
 * process, and would keep their locks for as long as they stand still. A session that waits for the
 * next rows of a COPY is not idle to the server, and no timeout of the server's applies to it.
 */
public final class StalledCopies implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(StalledCopies.class);

  /** An instance sends all rows of a COPY at once, and aborts its own after its ack timeout. */
  private static final Duration MARGIN = Duration.ofSeconds(5);

  private static final String TERMINATE =
      """
      SELECT pid, pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
      WHERE datname = current_database() AND usename = current_user
        AND application_name = current_setting('application_name')
        AND state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY %'
        AND query_start < clock_timestamp() - make_interval(secs => ?)
      """;

  private final DataSource database;
  private final double seconds;

  /**
   * @param database whose connections do not commit by themselves
   * @param ackTimeout how long a request may wait for its commit
   */
  public StalledCopies(DataSource database, Duration ackTimeout) {
    this.database = database;
    this.seconds = ackTimeout.plus(MARGIN).toNanos() / 1e9;
  }

  /** Terminates what has stalled. A failure is left for the next time. */
  @Override
  public void run() {
    try (Connection connection = database.getConnection();
        PreparedStatement statement = connection.prepareStatement(TERMINATE)) {
      statement.setDouble(1, seconds);
      try (ResultSet sessions = statement.executeQuery()) {
        while (sessions.next()) {
          log.warn(
              "Terminated session {}, which stalled in the middle of a COPY for more than {} s and"
                  + " kept its locks: is another instance frozen?",
              sessions.getInt(1),
              (long) seconds);
        }
      }
      connection.commit();
    } catch (SQLException e) {
      log.debug("Cannot look for stalled COPYs: {}", e.getMessage());
    }
  }
}
