package attolytics.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/** A way to bring rows into the example's table. */
interface Load {
  /**
   * What a run of it came to.
   *
   * @param rows acknowledged, all of them committed
   * @param requests that they came in, or transactions where there are no requests
   * @param nanos from the first byte sent to the last acknowledgement
   */
  record Sent(long rows, long requests, long nanos) {
    double rowsPerSecond() {
      return rows * 1e9 / nanos;
    }
  }

  /** For people. */
  String name();

  /**
   * Sends as fast as it is taken for that long, then waits for what is not acknowledged yet.
   *
   * @throws IOException if a row was not acknowledged
   */
  Sent run(Duration duration) throws IOException, SQLException;
}
