package attolytics.flush;

import attolytics.schema.Table;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A transaction that is certainly not committed. */
final class FlushException extends Exception {
  private final transient @Nullable Table table;
  private final SQLException sql;

  /**
   * @param table whose COPY failed, or null if it was none's
   */
  FlushException(@Nullable Table table, SQLException sql) {
    super(sql);
    this.table = table;
    this.sql = sql;
  }

  @Nullable Table table() {
    return table;
  }

  SQLException sql() {
    return sql;
  }
}
