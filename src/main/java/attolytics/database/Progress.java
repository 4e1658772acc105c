package attolytics.database;

import java.sql.SQLException;
import java.util.List;

/** Follows work of several transactions, and can end it. */
@FunctionalInterface
public interface Progress {
  Progress IGNORED = () -> {};

  /**
   * Called before each transaction, and repeatedly in those that wait for other sessions.
   *
   * @throws SQLException to end the work
   */
  void check() throws SQLException;

  /** Called with what a transaction has done, which stays even if a later one fails. */
  default void committed(List<String> statements) {}
}
