package attolytics.bench.load;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/** A way to bring rows into tables. */
public interface Load {
  /**
   * What a run of it came to.
   *
   * @param rows acknowledged, all of them committed
   * @param requests that they came in, or transactions where there are no requests
   * @param nanos from the first byte sent to the last acknowledgement
   * @param latencies from a request to its acknowledgement, in nanoseconds
   */
  record Sent(long rows, long requests, long nanos, Histogram latencies) {}

  /** A histogram for {@link Sent}: up to two minutes, to a thousandth. */
  static Histogram histogram() {
    return new Histogram(Duration.ofMinutes(2).toNanos(), 3);
  }

  /**
   * Sends for that long, then waits for what is not acknowledged yet.
   *
   * @throws IOException if a row was not acknowledged
   */
  Sent run(Duration duration) throws IOException, SQLException, InterruptedException;
}
