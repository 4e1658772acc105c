package attolytics.simulate;

import attolytics.flush.transaction.FlushException.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What arrives and what breaks in a simulation. Times are nanoseconds from its start.
 *
 * @param seed of everything else
 * @param requests that are sent, in any order
 * @param faults in any order
 */
record Plan(long seed, Setup setup, List<Request> requests, List<Fault> faults) {
  static final int INSTANCES = 2;

  /**
   * How the instances are set up.
   *
   * @param writers of each instance
   * @param ringRows a power of two
   * @param intervalNanos of flushes, or 0 for none
   * @param pausesPerMille how often a thread is taken off its processor where it looks at the clock
   */
  record Setup(
      int writers,
      long ackTimeoutNanos,
      int ringRows,
      int flushRows,
      long intervalNanos,
      int pausesPerMille) {}

  /** A table, as far as it matters here. */
  enum Kind {
    /** Without constraints. */
    EVENTS(0),
    /** With another unique constraint. */
    ORDERS(1),
    /** With {@code deduplicate_by}. */
    CLICKS(2),
    /** Distributed, so that a COPY does not say why it fails. */
    VIEWS(3);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    /** Its place among the tables. */
    int number() {
      return number;
    }

    boolean isUnique() {
      return this == ORDERS || this == CLICKS;
    }
  }

  /**
   * What is wrong with a row.
   *
   * @param stage where that shows: COPY, CONSTRAINTS or COMMIT
   * @param sqlState that is raised, or null
   * @param nanos that the row takes before
   * @param isLocated whether the server says which row it is
   * @param ends whether it ends the session
   */
  record Trouble(
      Stage stage, @Nullable String sqlState, long nanos, boolean isLocated, boolean ends) {
    /** Whether no such row can be stored, however long a client waits. */
    boolean isFatal() {
      return sqlState != null || nanos >= 60_000_000_000L;
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

  /**
   * A row.
   *
   * @param unique its value in the column that the table's unique index is on
   */
  record Row(Kind table, long unique, @Nullable Trouble trouble) {}

  /** When and where a request is sent. */
  record Send(long nanos, int instance) {}

  /**
   * A request, which is sent again if its answer says that it may be.
   *
   * @param number from 1
   * @param key the Idempotency-Key, or null
   * @param connection that it comes on
   * @param sends the first times that it is sent, more than one only with a key
   */
  record Request(
      int number,
      @Nullable String key,
      boolean isLenient,
      int connection,
      List<Row> rows,
      List<Send> sends) {
    boolean hasFatalRow() {
      return rows.stream().anyMatch(row -> row.trouble != null && row.trouble.isFatal());
    }

    boolean hasTrouble() {
      return hasTrouble(trouble -> true);
    }

    /** Whether a row has some kind of trouble. */
    boolean hasTrouble(Predicate<Trouble> kind) {
      return rows.stream().anyMatch(row -> row.trouble != null && kind.test(row.trouble));
    }

    Request withoutRow(int row) {
      List<Row> fewer = new ArrayList<>(rows);
      fewer.remove(row);
      return new Request(number, key, isLenient, connection, fewer, sends);
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("request " + number);
      text.append(key == null ? "" : ", key " + key).append(isLenient ? ", lenient" : "");
      sends.forEach(
          send ->
              text.append(", to ").append(send.instance).append(" at ").append(millis(send.nanos)));
      text.append(", connection ")
          .append(connection)
          .append(": ")
          .append(rows.size())
          .append(" rows");
      for (int i = 0; i < rows.size(); i++) {
        Row row = rows.get(i);
        if (row.trouble != null) {
          text.append("; row ").append(i).append(" of ").append(row.table);
          text.append(' ').append(row.trouble);
        } else if (row.table != Kind.EVENTS) {
          text.append("; row ").append(i).append(" of ").append(row.table);
          text.append(" has ").append(row.unique);
        }
      }
      return text.toString();
    }
  }

  static String millis(long nanos) {
    return nanos / 1_000_000 + " ms";
  }

  /** Whether there is a row of some kind of trouble. */
  boolean hasTrouble(Predicate<Trouble> kind) {
    return requests.stream().anyMatch(request -> request.hasTrouble(kind));
  }

  /** The same without some of its requests. */
  Plan withRequests(List<Request> others) {
    return new Plan(seed, setup, List.copyOf(others), faults);
  }

  Plan withFaults(List<Fault> others) {
    return new Plan(seed, setup, requests, List.copyOf(others));
  }

  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    lines.add("seed " + seed + ", " + setup);
    requests.forEach(request -> lines.add(request.toString()));
    faults.forEach(fault -> lines.add(fault.toString()));
    return String.join("\n", lines);
  }
}
