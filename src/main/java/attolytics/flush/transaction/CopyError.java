package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.database.Connector;
import attolytics.encoding.Excerpt;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What the database reports about a failed COPY. */
public final class CopyError {
  /**
   * How the names of temporary tables begin that rows are copied to; the table's ordinal follows.
   */
  static final String TEMPORARY = "attolytics_rows_";

  /** Of a message that a client or the quarantine gets: PostgreSQL quotes values in full. */
  private static final int MAX_CHARS = 300;

  private CopyError() {}

  /** The failure of a table's COPY, with the batch that the row in error belongs to. */
  static FlushException locate(SQLException e, Table table, List<Batch> batches) {
    return at(line(e, table), Stage.COPY, e, table, batches);
  }

  /**
   * The failure of a row, with the batch that it belongs to.
   *
   * @param line the row's number among the table's rows, from 1, or 0 if it is not known
   */
  static FlushException at(
      long line, Stage stage, SQLException e, Table table, List<Batch> batches) {
    long before = 0;
    for (Batch batch : batches) {
      int rows = batch.rowsOf(table);
      if (line > before && line <= before + rows) {
        int event = batch.eventOf(table, (int) (line - before - 1));
        return new FlushException(stage, table, batch, event, e);
      }
      before += rows;
    }
    return new FlushException(stage, table, null, Outcome.NO_EVENT, e);
  }

  /** Whether the server's error has a context, such as a row; a proxy's errors have none. */
  static boolean hasContext(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    return server != null && server.getWhere() != null;
  }

  /**
   * Whether the server itself refused the statement, and goes on: an error with the place in its
   * source, which a proxy's does not have, and none that ends the session.
   */
  public static boolean isRefusal(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    boolean endsSession = String.valueOf(e.getSQLState()).startsWith("57P");
    return server != null && server.getRoutine() != null && !endsSession;
  }

  /**
   * The row that was being copied, from 1, or 0: the first number behind the name of the table, or
   * of its temporary one, in the outermost line of the error's context, whose words depend on the
   * server's language. The errors of a BEFORE trigger end with the COPY's line, too; those of an
   * AFTER trigger do not, and the row is not known. Nor is it where a row does not fit a page: the
   * COPY has read others by then, and names the last of them.
   */
  static long line(SQLException e, Table table) {
    String outermost = outermostLine(e);
    String name = TEMPORARY + table.ordinal();
    if (!outermost.contains(name)) {
      name = table.name();
    }
    int start = outermost.indexOf(name);
    boolean isOfCopy = outermost.contains("COPY") || outermost.startsWith(name + " "); // in Korean
    if (start < 0 || !isOfCopy || "RelationGetBufferForTuple".equals(routine(e))) {
      return 0;
    }
    long number = 0;
    boolean found = false;
    for (int at = start + name.length(); at < outermost.length(); at++) {
      char c = outermost.charAt(at);
      if (c >= '0' && c <= '9') {
        number = Math.min(number * 10 + c - '0', Integer.MAX_VALUE);
        found = true;
      } else if (found) {
        break;
      }
    }
    return number;
  }

  /** Of the error's context; empty if it has none. */
  private static String outermostLine(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    String context = server == null ? null : server.getWhere();
    return context == null ? "" : context.substring(context.lastIndexOf('\n') + 1);
  }

  /**
   * What the log may tell of a failure. Not the words of a trigger, which may hold what the row
   * does: what is raised in a function has it in its context, and what comes of the server itself
   * has none, or just the COPY's.
   */
  public static String forTheLog(FlushException e) {
    if (e.sql().getSQLState() == null) {
      return primaryMessage(e.sql()); // of the driver or the pool: the server always gives one
    }
    String state = "SQLSTATE " + e.sql().getSQLState();
    boolean isPlain =
        switch (e.stage()) {
          case BEGIN, KEYS, COPY_START -> true; // not about a row
          case COPY, INSERT, CONSTRAINTS, COMMIT ->
              e.kind() == Kind.TRANSIENT && hasNoFunction(e.sql());
        };
    return isPlain ? primaryMessage(e.sql()) + " (" + state + ")" : state;
  }

  private static boolean hasNoFunction(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    String context = server == null ? null : server.getWhere();
    return context == null || (context.startsWith("COPY ") && context.indexOf('\n') < 0);
  }

  /** Without the server's DETAIL and CONTEXT, which may show rows; the driver's in plain words. */
  public static String primaryMessage(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    String message = server == null ? Connector.message(driversOwn(e)) : server.getMessage();
    return message == null ? "SQLSTATE " + e.getSQLState() : message;
  }

  /**
   * For a client: the beginning of {@link #primaryMessage}, and the column if only the error's
   * context names it.
   */
  public static String forTheClient(SQLException e, @Nullable Table table) {
    String column = table == null ? null : columnInContext(e, table);
    String message = Excerpt.of(primaryMessage(e), MAX_CHARS);
    return column == null ? message : message + ", in column \"" + column + "\"";
  }

  /** For the status page: without the words, which may quote the row. */
  public static String withoutWords(SQLException e, @Nullable Table table) {
    ServerErrorMessage server = hasNoFunction(e) ? serverMessage(e) : null;
    String constraint = server == null ? null : server.getConstraint();
    String named = server == null ? null : server.getColumn();
    String column = named != null || table == null ? named : columnInContext(e, table);
    return "the database refused it: SQLSTATE "
        + e.getSQLState()
        + (table == null ? "" : ", table \"" + table.name() + '"')
        + (constraint == null ? "" : ", constraint \"" + constraint + "\"")
        + (column == null ? "" : ", column \"" + column + "\"");
  }

  /**
   * The column whose value was being read, or null: the end of the outermost line of the error's
   * context, behind the row's number.
   */
  private static @Nullable String columnInContext(SQLException e, Table table) {
    String line = line(e, table) == 0 ? "" : outermostLine(e);
    return table.columns().stream()
        .map(Column::name)
        .filter(name -> line.endsWith(" " + name))
        .max(Comparator.comparingInt(String::length))
        .orElse(null);
  }

  /** Without what the pool puts around it. */
  private static SQLException driversOwn(SQLException e) {
    return e.getCause() instanceof SQLException cause ? cause : e;
  }

  /** The class of the SQLSTATE, as a metric's label. */
  public static String sqlStateClass(SQLException e) {
    String state = e.getSQLState();
    return state == null || state.length() < 2 ? "none" : state.substring(0, 2);
  }

  /** The column that the error names, or null. */
  public static @Nullable String column(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    return server == null ? null : server.getColumn();
  }

  /** Whether a partitioned table has none for the row; the server's words are localised. */
  public static boolean hasNoPartition(SQLException e) {
    return "ExecFindPartition".equals(routine(e));
  }

  /** Whether the server accepts no writes until old transaction ids are freed by a VACUUM. */
  static boolean isOutOfTransactionIds(SQLException e) {
    return "GetNewTransactionId".equals(routine(e)) || "GetNewMultiXactId".equals(routine(e));
  }

  /** The function of the server's source in which the error came up, or null. */
  private static @Nullable String routine(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    return server == null ? null : server.getRoutine();
  }

  private static @Nullable ServerErrorMessage serverMessage(SQLException e) {
    return e instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
  }
}
