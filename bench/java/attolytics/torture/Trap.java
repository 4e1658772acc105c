package attolytics.torture;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What is to happen to the first connection that gets to a point. Thread-safe. */
final class Trap {
  /** Where in a transaction. */
  enum Point {
    /** In the middle of a CopyData message. */
    IN_COPY,
    /** The COMMIT does not get to the database. */
    BEFORE_COMMIT,
    /** The COMMIT is on its way to the database. */
    AFTER_COMMIT,
    /** The database has answered the COMMIT, and the service does not know. */
    BEFORE_ANSWER
  }

  private final Point point;
  private final int afterBytes;
  private final long stallMillis;
  private final boolean cut;
  private final boolean reset;
  private final CountDownLatch sprung = new CountDownLatch(1);
  private final CountDownLatch over = new CountDownLatch(1);

  /**
   * @param afterBytes of CopyData, for {@link Point#IN_COPY}, else 0
   * @param stallMillis for how long nothing goes through, or 0
   * @param cut whether the connection is broken then, or goes on
   * @param reset whether it is broken by a RST, or by a FIN
   */
  Trap(Point point, int afterBytes, long stallMillis, boolean cut, boolean reset) {
    this.point = point;
    this.afterBytes = afterBytes;
    this.stallMillis = stallMillis;
    this.cut = cut;
    this.reset = reset;
  }

  Point point() {
    return point;
  }

  int afterBytes() {
    return afterBytes;
  }

  boolean cut() {
    return cut;
  }

  /** Does to the connection what is to be done to it. */
  void spring(Wire wire) throws InterruptedException {
    sprung.countDown();
    try {
      TimeUnit.MILLISECONDS.sleep(stallMillis);
      if (cut) {
        wire.cut(reset);
      }
    } finally {
      over.countDown();
    }
  }

  /** Whether a connection gets there in time. */
  boolean awaitSprung(long millis) throws InterruptedException {
    return sprung.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Once it is sprung: waits until all is done. */
  void awaitOver() throws InterruptedException {
    over.await();
  }
}
