package attolytics.flush;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What a failed transaction calls for, by its SQLSTATE.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">Error codes</a>
 */
enum Failure {
  /** The database, or the way there: the same rows may well be taken later. */
  DATABASE,
  /** One table, whatever the rows. */
  TABLE,
  /** A row: the request that it belongs to has to be found. */
  ROW;

  static Failure of(SQLException e) {
    String state = e.getSQLState();
    if (state == null || state.length() < 2 || state.equals("25006")) {
      return DATABASE;
    }
    return switch (state.substring(0, 2)) {
      case "42", "3F", "0A" -> TABLE;
      // 54: an index entry that is too long is a matter of the row, too.
      case "22", "23", "44", "54", "P0" -> ROW;
      case "08", "25", "26", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX" -> DATABASE;
      default -> ROW; // a trigger may raise what it likes
    };
  }

  /** The class of the SQLSTATE, as a metric's label. */
  static String sqlStateClass(SQLException e) {
    @Nullable String state = e.getSQLState();
    return state == null || state.length() < 2 ? "none" : state.substring(0, 2);
  }
}
