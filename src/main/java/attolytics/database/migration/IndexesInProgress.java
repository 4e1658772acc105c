package attolytics.database.migration;

import java.sql.Array;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Indexes that another session may be building concurrently. Until they are complete they are not
 * valid, like those of a session that has failed; to drop one would wait until it is complete.
 */
final class IndexesInProgress {
  /**
   * The process that may be building an index of a table, or null. The session that builds one, or
   * builds it again, holds this lock on the table until the index is valid. Every user may see
   * that, unlike the table in pg_stat_progress_create_index. A VACUUM has the same lock, but to
   * drop the index would wait for that, too.
   */
  static final String BUILDER =
      """
      (
        SELECT min(pid) FROM pg_catalog.pg_locks
        WHERE locktype = 'relation' AND relation = indrelid AND granted
          AND mode = 'ShareUpdateExclusiveLock' AND pid <> pg_backend_pid()
          AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      )""";

  private IndexesInProgress() {}

  /**
   * What to say of them.
   *
   * @param indexes name and process id of each, in turn
   */
  static List<String> left(Array indexes) throws SQLException {
    List<String> left = new ArrayList<>();
    for (Object index : (Object[]) indexes.getArray()) {
      left.add("index %s; wait until that has ended, and run migrate again".formatted(index));
    }
    return left;
  }
}
