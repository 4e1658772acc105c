package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.U;
import static attolytics.flush.Batches.acceptedAt;
import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import attolytics.flush.transaction.TimeLimits;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitPolicyTest {
  private static final long SECOND = 1_000_000_000;
  private static final long MILLISECOND = 1_000_000;

  /** When the requests are written. */
  private static final long NOW = 1_000_000 * SECOND;

  private final Ring ring = new Ring(8);
  private final Arrivals arrivals = new Arrivals(ring, NOW);
  private final Deferred deferred = new Deferred();
  private final LimitPolicy policy = new LimitPolicy(Duration.ofSeconds(30), arrivals);

  private TimeLimits limits(Round round, Batch... part) {
    return policy.of(round, List.of(part), deferred, NOW);
  }

  private static Round round(Round.Kind kind) {
    return new Round(kind, 0);
  }

  /** Accepted so many seconds ago. */
  private static Batch aged(double seconds) {
    return acceptedAt(NOW - (long) (seconds * SECOND));
  }

  private void arrived(double... secondsAgo) {
    for (double seconds : secondsAgo) {
      arrivals.add(List.of(aged(seconds)));
    }
  }

  @Test
  void flush_hasHalfOfWhatItsOldestMayWait() {
    TimeLimits limits = limits(round(Round.Kind.FLUSH), aged(2), aged(10), aged(1));
    assertEquals(10 * SECOND, limits.totalNanos());
    assertEquals(30 * SECOND / 8, limits.statementNanos());
    assertEquals(750, limits.lockMillis());
  }

  @Test
  void flush_ofALateRequest_hasASecond() {
    TimeLimits limits = limits(round(Round.Kind.FLUSH), aged(29), aged(0));
    assertEquals(SECOND, limits.totalNanos());
    assertEquals(750 * MILLISECOND, limits.statementNanos());
    assertEquals(375, limits.lockMillis());
  }

  @Test
  void flush_withAShortAckTimeout_hasASecondForAStatement() {
    LimitPolicy brief = new LimitPolicy(Duration.ofSeconds(4), arrivals);
    TimeLimits limits = brief.of(round(Round.Kind.FLUSH), List.of(aged(0), aged(0)), deferred, NOW);
    assertEquals(SECOND, limits.statementNanos());
    assertEquals(2 * SECOND, limits.totalNanos());
    assertEquals(500, limits.lockMillis());
  }

  @Test
  void flush_afterASlowStatement_hasASecondForTheNext() {
    Round round = round(Round.Kind.FLUSH);
    round.countTimeout();
    TimeLimits limits = limits(round, aged(0), aged(0));
    assertEquals(SECOND, limits.statementNanos());
    assertEquals(10, limits.lockMillis());
  }

  @Test
  void separateRequests_haveLittleTime() {
    TimeLimits limits = limits(round(Round.Kind.SEPARATE), aged(0), aged(0));
    assertEquals(125 * MILLISECOND, limits.statementNanos());
    assertEquals(10, limits.lockMillis());
  }

  @ParameterizedTest
  @CsvSource({"0, 10", "1, 20", "4, 160", "5, 160"})
  void retry_waitsLongerForALock_eachTime(int tries, int lockMillis) {
    TimeLimits limits = limits(new Round(Round.Kind.RETRY, tries), aged(0), aged(0));
    assertEquals(SECOND, limits.statementNanos());
    assertEquals(lockMillis, limits.lockMillis());
  }

  @Test
  void flush_whileOthersWaitForALock_waitsForItBriefly() {
    deferred.holdTable(U, List.of(aged(1)), NOW);
    assertEquals(10, limits(round(Round.Kind.FLUSH), aged(0), aged(0)).lockMillis());
  }

  @Test
  void loneRequest_afterAQuietTime_hasTwiceThatTime() {
    arrived(6, 0);
    TimeLimits limits = limits(round(Round.Kind.FLUSH), aged(0));
    assertEquals(12 * SECOND, limits.statementNanos());
    assertEquals(30 * SECOND / 8 * 7, limits.totalNanos());
    assertEquals(750, limits.lockMillis());
  }

  @Test
  void loneRequest_hasNoMoreThanItMayWait() {
    arrived(3600, 10);
    TimeLimits limits = limits(round(Round.Kind.FLUSH), aged(10));
    assertEquals(20 * SECOND / 8 * 7, limits.totalNanos());
    assertEquals(limits.totalNanos() / 4 * 3, limits.statementNanos());
  }

  @Test
  void loneRequest_thatIsLate_hasASecond() {
    arrived(3600, 29.5);
    assertEquals(SECOND, limits(round(Round.Kind.FLUSH), aged(29.5)).totalNanos());
  }

  /** The usual limits, if the quiet time is shorter. */
  @ParameterizedTest
  @CsvSource({"1.875, 15", "1.9, 26.25"})
  void loneRequest_afterAShortTime_hasTheUsualTime(double quietSeconds, double totalSeconds) {
    arrived(quietSeconds, 0);
    TimeLimits limits = limits(round(Round.Kind.FLUSH), aged(0));
    assertEquals((long) (totalSeconds * SECOND), limits.totalNanos());
  }

  @Test
  void requestsTogether_haveTheUsualTime_howeverQuietItIs() {
    arrived(3600, 0);
    assertEquals(
        30 * SECOND / 8, limits(round(Round.Kind.FLUSH), aged(0), aged(0)).statementNanos());
  }

  @Test
  void loneRequest_whileOthersAreQueued_hasTheUsualTime() {
    arrived(3600, 0);
    Round round = round(Round.Kind.FLUSH);
    round.push(List.of(aged(0)));
    assertEquals(30 * SECOND / 8, limits(round, aged(0)).statementNanos());
  }

  @Test
  void loneRequest_whileOthersAreWrittenSeparately_hasTheUsualTime() {
    arrived(3600, 0);
    deferred.addSeparate(List.of(aged(0)));
    assertEquals(30 * SECOND / 8, limits(round(Round.Kind.FLUSH), aged(0)).statementNanos());
  }

  /** A request cannot be written in parts. */
  @ParameterizedTest
  @CsvSource({
    "SEPARATE, 4000, 125",
    "SEPARATE, 4001, 250",
    "SEPARATE, 400000, 3750",
    "RETRY, 4000, 1000",
    "RETRY, 4001, 2000",
    "RETRY, 400000, 3750"
  })
  void largeRequest_hasTimeForItsRows_upToThatOfAFlush(Round.Kind kind, int rows, long millis) {
    Batch large = new Batch(1 << 21);
    for (int row = 0; row < rows; row++) {
      large.rows().putShort(0);
      large.endRow(T);
    }
    large.accept(outcome -> {}, NOW);
    arrived(0, 0);
    assertEquals(millis * SECOND / 1000, limits(round(kind), large).statementNanos());
  }

  @Test
  void largeRequest_hasTimeForItsBytes() {
    Batch large = new Batch(1 << 22);
    byte[] field = new byte[3 << 20];
    large.rows().putShort(1);
    large.rows().putField(field, 0, field.length);
    large.endRow(T);
    large.accept(outcome -> {}, NOW);
    arrived(0, 0);
    assertEquals(250 * MILLISECOND, limits(round(Round.Kind.SEPARATE), large).statementNanos());
  }

  @Test
  void loneRequest_whileOthersWait_sharesTheTimeWithThem() {
    arrived(9, 0);
    deferred.holdTable(U, List.of(aged(1), aged(1)), NOW);
    assertEquals(6 * SECOND, limits(round(Round.Kind.FLUSH), aged(0)).statementNanos());
  }

  @Test
  void loneRequest_whileOthersWait_leavesThemTheTimeForTheirAnswer() {
    arrived(3600, 0);
    deferred.holdTable(U, List.of(aged(25)), NOW);
    assertEquals(5 * SECOND, limits(round(Round.Kind.FLUSH), aged(0)).statementNanos());
  }

  @Test
  void loneRetry_ofARequestThatWaits_sharesWithNobody() {
    arrived(6, 0);
    Batch only = aged(0);
    deferred.holdTable(T, List.of(only), NOW);
    deferred.takeForRetry(Objects.requireNonNull(deferred.due(NOW + SECOND)));
    assertEquals(12 * SECOND, limits(round(Round.Kind.RETRY), only).statementNanos());
  }
}
