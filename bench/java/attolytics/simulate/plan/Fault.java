package attolytics.simulate.plan;

import org.jspecify.annotations.Nullable;

/**
 * Something that breaks.
 *
 * @param kind what it is
 * @param nanos when it begins, from the start of the simulation
 * @param lasting how long it lasts, or how long the server takes to notice a broken connection
 * @param instance that it concerns, or, if it concerns the server, any
 * @param point where in a transaction it strikes, for faults of a connection
 * @param count how many transactions it strikes, one after the other
 * @param sqlState of an error, or null
 * @param number what else it needs
 */
public record Fault(
    Kind kind,
    long nanos,
    long lasting,
    int instance,
    Point point,
    int count,
    @Nullable String sqlState,
    int number) {
  /** What may break. */
  public enum Kind {
    /** The server crashes: what is not committed is forgotten, transaction ids are used again. */
    CRASH,
    /** The server is restarted. */
    RESTART,
    /** Another server takes over, with all that is committed. */
    FAILOVER,
    /** No transaction may write. */
    READ_ONLY,
    /** The server accepts no new connections. */
    REFUSE,
    /** Every statement takes longer. */
    SLOW,
    /** A table accepts no rows: it is dropped, renamed, of another type. */
    BREAK_TABLE,
    /** Another session locks a table. */
    LOCK_TABLE,
    /** Another session holds the keys of some requests. */
    HOLD_KEYS,
    /** The connection breaks. */
    CUT,
    /** Nothing comes through the connection. */
    SILENCE,
    /** The server, or a proxy before it, reports an error that is no row's. */
    ERROR,
    /** The instance does not run for a while. */
    FREEZE,
    /** The instance is killed, and starts again. */
    KILL,
    /** The instance is told to stop, and starts again. */
    STOP,
    /** The instance runs out of memory once, anywhere. */
    OUT_OF_MEMORY
  }

  /** Where in a transaction a connection is hurt. */
  public enum Point {
    BEGIN,
    KEYS,
    COPY_START,
    COPY,
    /** The COMMIT does not get to the server. */
    BEFORE_COMMIT,
    /** The server commits a while later. */
    IN_COMMIT,
    /** The server has committed. */
    AFTER_COMMIT,
    /** Where the status of a transaction is asked for. */
    STATUS
  }

  /** When it is over. */
  public long end() {
    return nanos + lasting;
  }

  @Override
  public String toString() {
    String time = kind + " at " + millis(nanos) + (lasting > 0 ? " for " + millis(lasting) : "");
    return "fault " + time + details();
  }

  private String details() {
    String where = " of " + instance + ", " + point + " × " + count;
    return switch (kind) {
      case CUT, SILENCE -> where;
      case ERROR -> where + ": " + sqlState + (number == 0 ? "" : ", a proxy's");
      case FREEZE, KILL, STOP, OUT_OF_MEMORY -> " of " + instance;
      case BREAK_TABLE -> ": " + sqlState + ", table " + number;
      case LOCK_TABLE, HOLD_KEYS -> ": " + number;
      case CRASH, RESTART, FAILOVER, READ_ONLY, REFUSE, SLOW -> "";
    };
  }

  private static String millis(long nanos) {
    return nanos / 1_000_000 + " ms";
  }
}
