package attolytics.quarantine;

import attolytics.database.ServerEncoding;
import attolytics.encoding.AsciiText;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * Which events in quarantine are to be replayed: those that all of this is true of; null is no
 * restriction.
 *
 * @param app id
 * @param table name
 * @param code why they are in quarantine
 * @param since when they were received at the earliest
 */
public record ReplaySelection(
    @Nullable String app, @Nullable String table, @Nullable String code, @Nullable Instant since) {
  /** The condition in SQL, to be preceded by another. */
  String condition() {
    return (app == null ? "" : " AND app = ?")
        + (table == null ? "" : " AND table_name = ?")
        + (code == null ? "" : " AND code = ?")
        + (since == null ? "" : " AND received_at >= ?");
  }

  /** Gives the condition's parameters, from that one on. */
  void bind(PreparedStatement statement, int first) throws SQLException {
    int at = first;
    boolean inAscii = !ServerEncoding.hasEveryCharacter(statement.getConnection());
    String tableName = table != null && inAscii ? AsciiText.escape(table) : table;
    for (String value : new @Nullable String[] {app, tableName, code}) {
      if (value != null) {
        statement.setString(at++, value);
      }
    }
    if (since != null) {
      statement.setObject(at, OffsetDateTime.ofInstant(since, ZoneOffset.UTC));
    }
  }
}
