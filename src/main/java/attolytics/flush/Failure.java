package attolytics.flush;

import java.sql.SQLException;

/**
 * What a failed transaction calls for, by its SQLSTATE.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">Error codes</a>
 */
enum Failure {
  /** The database, or the way there: the same rows may well be taken later. */
  DATABASE,
  /** One table for the moment, such as by a lock: its rows may well be taken later. */
  BUSY,
  /** One table, whatever the rows. */
  TABLE,
  /** A row: the request that it belongs to has to be found. */
  ROW;

  static Failure of(SQLException e) {
    String state = e.getSQLState();
    if (state == null || state.length() < 2) {
      return DATABASE;
    }
    return switch (state) {
      // A time limit, or somebody cancelled it; no space where the table lies.
      case "57014", "53100" -> BUSY;
      // Our encoding is right: the table has other types by now.
      case "22P03", "22P04" -> TABLE;
      // So is this, if the server says in which row: a field is too short for a type that was
      // widened.
      case "08P01" -> CopyError.hasContext(e) ? TABLE : DATABASE;
      default -> isOtherMachine(e) ? BUSY : ofClass(state.substring(0, 2));
    };
  }

  /** Whether the server itself is there, but not the machine that it sends some of the rows to. */
  static boolean isOtherMachine(SQLException e) {
    String state = e.getSQLState();
    return state != null && state.startsWith("08") && CopyError.hasContext(e);
  }

  private static Failure ofClass(String sqlStateClass) {
    return switch (sqlStateClass) {
      case "08", "25", "26", "28", "3D", "40", "53", "57" -> DATABASE;
      case "55", "58", "F0", "XX" -> BUSY;
      case "42", "3F", "0A" -> TABLE;
      // 54: an index entry that is too long is a matter of the row, too.
      case "22", "23", "44", "54", "P0" -> ROW;
      default -> ROW; // a trigger may raise what it likes
    };
  }

  /** The class of the SQLSTATE, as a metric's label. */
  static String sqlStateClass(SQLException e) {
    String state = e.getSQLState();
    return state == null || state.length() < 2 ? "none" : state.substring(0, 2);
  }
}
