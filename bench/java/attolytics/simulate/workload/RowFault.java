package attolytics.simulate.workload;

import attolytics.flush.transaction.FlushException.Stage;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a row.
 *
 * @param stage where that shows: COPY, CONSTRAINTS or COMMIT
 * @param sqlState that is raised, or null
 * @param nanos that the row takes before
 * @param isLocated whether the server says which row it is
 * @param ends whether it ends the session
 */
public record RowFault(
    Stage stage, @Nullable String sqlState, long nanos, boolean isLocated, boolean ends) {
  /** Whether no such row can be stored, however long a client waits. */
  boolean isFatal() {
    return sqlState != null || nanos >= 60_000_000_000L;
  }

  public boolean isSlow() {
    return nanos > 0;
  }

  @Override
  public String toString() {
    return (sqlState == null ? "sleeps " + nanos / 1_000_000 + " ms" : "raises " + sqlState)
        + " at "
        + stage
        + (isLocated ? "" : ", unlocated")
        + (ends ? ", ends the session" : "");
  }
}
