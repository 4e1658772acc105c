package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.NanoClock;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

class BackoffTest {
  private final FlushException cause =
      new FlushException(Stage.BEGIN, new SQLException("refused", "08001"));

  private static final String FAILING =
      "Database writes failing, retrying: refused (SQLSTATE 08001)";

  private final FakeClock clock = new FakeClock();
  private long unavailable;
  private long unknown;

  private final OutageLog log =
      new OutageLog(clock, status -> status == 503 ? unavailable : unknown);

  private final Backoff backoff = new Backoff(clock, log);
  @RegisterExtension private final Logged logged = new Logged(OutageLog.class);

  private long pauseMillis(Runnable pause) {
    long start = clock.nanoTime();
    pause.run();
    return TimeUnit.NANOSECONDS.toMillis(clock.nanoTime() - start);
  }

  @Test
  void pauses_growUpToASecond() {
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      pauses.add(pauseMillis(() -> backoff.pause(cause)));
    }
    assertEquals(List.of(20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L), pauses);
  }

  @Test
  void briefPause_isAsLongAsTheFirst_andDoesNotGrow() {
    backoff.pause(cause);
    assertEquals(20, pauseMillis(backoff::pauseBriefly));
    assertEquals(40, pauseMillis(() -> backoff.pause(cause)));
  }

  @Test
  void log_saysWhenItBeginsAndWhenItEnds() {
    unavailable = 3; // before
    unknown = 1;
    backoff.committed();
    backoff.pause(cause);
    assertEquals(List.of(FAILING), logged.messages());
    backoff.pause(cause);
    unavailable += 7;
    unknown += 2;
    clock.advance(TimeUnit.SECONDS.toNanos(10));
    backoff.committed();
    backoff.committed();
    assertEquals(List.of(FAILING, resumed("10.1", 7, 2)), logged.messages());
    assertEquals(20, pauseMillis(() -> backoff.pause(cause)));
  }

  private static String resumed(String seconds, int unavailable, int unknown) {
    return "Database writes resumed after %s s; requests answered meanwhile: %d x 503, %d x 504"
        .formatted(seconds, unavailable, unknown);
  }

  @Test
  void log_saysItOnce_howeverManyWritersMeetIt() {
    Backoff second = new Backoff(clock, log);
    backoff.pause(cause);
    second.pause(cause);
    backoff.committed();
    backoff.pause(cause);
    second.committed();
    assertEquals(List.of(FAILING), logged.messages()); // one is failing all the time
    backoff.committed();
    assertEquals(List.of(FAILING, resumed("0.1", 0, 0)), logged.messages());
  }

  @Test
  void log_waitsForACommit_ifNothingIsLeftToRetry() {
    Backoff second = new Backoff(clock, log);
    backoff.pause(cause);
    backoff.nothingLeft();
    backoff.nothingLeft();
    assertEquals(List.of(FAILING), logged.messages());
    second.committed();
    assertEquals(List.of(FAILING, resumed("0.0", 0, 0)), logged.messages());
  }

  @Test
  void reason_saysWhatRequestsWaitFor() {
    assertEquals("the writers were busy with other requests", backoff.reason());
    backoff.pause(cause);
    assertEquals("no connection to the database: refused, SQLSTATE 08001", backoff.reason());
    backoff.pause(new FlushException(Stage.COMMIT, new SQLException("broken", "08006")));
    assertEquals("the database failed: broken (SQLSTATE 08006)", backoff.reason());
    backoff.committed();
    assertEquals("the writers were busy with other requests", backoff.reason());
  }

  @Test
  void answer_letsThePausesBeginAgain() {
    pauseMillis(() -> backoff.pause(cause));
    pauseMillis(() -> backoff.pause(cause));
    backoff.answered();
    assertEquals(20, pauseMillis(() -> backoff.pause(cause)));
  }

  @Test
  void abandon_endsAllLaterPauses() {
    backoff.abandon();
    assertEquals(0, pauseMillis(() -> backoff.pause(cause)));
    assertEquals(0, pauseMillis(backoff::pauseBriefly));
  }

  @Test
  @Timeout(300)
  void abandon_endsThePauseOfAnotherThread() throws Exception {
    Backoff endless =
        new Backoff(
            new NanoClock() {
              @Override
              public long nanoTime() {
                return 0;
              }

              @Override
              public void parkNanos(long nanos) {
                LockSupport.park(this);
              }
            },
            log);
    Thread pausing = new Thread(() -> endless.pause(cause));
    pausing.start();
    while (pausing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    endless.abandon();
    pausing.join();
  }
}
