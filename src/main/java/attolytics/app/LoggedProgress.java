package attolytics.app;

import attolytics.database.Progress;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** Logs what is created, as soon as it stays, and ends the creation when the service stops. */
final class LoggedProgress implements Progress {
  private final CountDownLatch stop;
  private final Runnable running;
  private final Consumer<String> log;

  /**
   * @param stop at zero, the creation ends
   * @param running called while it is not
   * @param log gets each statement
   */
  LoggedProgress(CountDownLatch stop, Runnable running, Consumer<String> log) {
    this.stop = stop;
    this.running = running;
    this.log = log;
  }

  @Override
  public void check() throws SQLException {
    if (isStopped()) {
      throw new SQLException("stopped while tables are created");
    }
    running.run();
  }

  boolean isStopped() {
    return stop.getCount() == 0;
  }

  @Override
  public void committed(List<String> statements) {
    statements.forEach(log);
  }
}
