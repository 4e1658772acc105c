package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Stage;
import java.time.Duration;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows whose triggers take their time, at the expense of their own request only. */
class SlowRowsTest {
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(30);

  private final WriterScenario scenario = new WriterScenario(ACK_TIMEOUT);

  private static void assertAtMost(Duration limit, Duration actual) {
    assertTrue(actual.compareTo(limit) <= 0, actual + " is longer than " + limit);
  }

  @ParameterizedTest
  @CsvSource({"4, COPY", "6, COPY", "4, CONSTRAINTS", "6, CONSTRAINTS", "15, COPY"})
  void loneSlowRequest_isStoredAtTheFirstAttempt(int seconds, Stage stage) {
    Duration time = Duration.ofSeconds(seconds);
    scenario.request("slow", scenario.t).taking(time, stage).arrivingAfter(Duration.ofSeconds(9));
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(time.plusMillis(100), scenario.assertStored("slow"));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void slowRequest_rightAfterAnother_isStored(int seconds) {
    Duration time = Duration.ofSeconds(seconds);
    scenario.request("other", scenario.t).arrivingAfter(Duration.ofSeconds(1));
    scenario
        .request("slow", scenario.t)
        .taking(time, Stage.COPY)
        .arrivingAfter(Duration.ofMillis(1200));
    scenario.run(Duration.ofSeconds(60));
    scenario.assertStored("other");
    assertAtMost(time.plusSeconds(4), scenario.assertStored("slow"));
  }

  @Test
  void twoSlowRequests_areBothStored() {
    for (int i = 0; i < 2; i++) {
      scenario
          .request("slow" + i, scenario.t)
          .taking(Duration.ofSeconds(6), Stage.COPY)
          .arrivingAfter(Duration.ofSeconds(1));
    }
    scenario.run(Duration.ofSeconds(60));
    scenario.assertStored("slow");
  }

  /** Others arrive one after the other, so that at most times none is in the ring. */
  @ParameterizedTest
  @EnumSource(names = {"COPY", "CONSTRAINTS"})
  void sleepingRow_delaysSteadyTrafficByASecond(Stage stage) {
    scenario
        .request("sleep", scenario.t)
        .taking(Duration.ofMinutes(5), stage)
        .arrivingAfter(Duration.ofSeconds(1));
    for (int i = 0; i < 600; i++) {
      scenario
          .request((i < 100 ? "early" : "later") + i, i % 2 == 0 ? scenario.t : scenario.u)
          .arrivingAfter(Duration.ofMillis(100L * i));
    }
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(Duration.ofSeconds(6), scenario.assertStored("early"));
    assertAtMost(Duration.ofMillis(1150), scenario.assertStored("later"));
    scenario.longestOf(Outcome.Kind.UNAVAILABLE, "sleep");
  }

  @ParameterizedTest
  @EnumSource(names = {"COPY", "CONSTRAINTS"})
  void burstOfSleepingRows_failsItsOwnRequestsOnly(Stage stage) {
    Duration start = Duration.ofSeconds(1);
    for (int i = 0; i < 20; i++) {
      scenario
          .request("sleep" + i, scenario.t)
          .taking(Duration.ofMinutes(5), stage)
          .arrivingAfter(start);
      scenario.request("same" + i, scenario.t).arrivingAfter(start);
      scenario.request("other" + i, scenario.u).arrivingAfter(start);
    }
    for (int i = 0; i < 20; i++) {
      scenario.request("newcomer" + i, scenario.u).arrivingAfter(start.plusSeconds(1 + i));
    }
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(Duration.ofSeconds(6), scenario.assertStored("other"));
    assertAtMost(Duration.ofSeconds(5), scenario.assertStored("newcomer"));
    scenario.assertStored("same");
    scenario.longestOf(Outcome.Kind.UNAVAILABLE, "sleep");
    assertEquals(80, scenario.answers.size());
  }

  /** None is slow, but all of them together are, and the error names just one of them. */
  @Test
  void requestsThatWaitedForALock_areSplit_ifTheyTakeTooLong() {
    Duration released = Duration.ofSeconds(5);
    scenario.database.lockedUntil.put(scenario.t, scenario.clock.nanoTime() + released.toNanos());
    for (int i = 0; i < 1000; i++) {
      scenario
          .request("waited" + i, scenario.t)
          .taking(Duration.ofMillis(2), Stage.COPY)
          .arrivingAfter(Duration.ofSeconds(1));
    }
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(released.plusSeconds(7), scenario.assertStored("waited"));
  }

  @Test
  void requestsThatWaitedForALock_areWrittenInParts() {
    scenario.database.lockedUntil.put(
        scenario.t, scenario.clock.nanoTime() + Duration.ofSeconds(5).toNanos());
    for (int i = 0; i < 6000; i++) {
      scenario.request("waited" + i, scenario.t).arrivingAfter(Duration.ofSeconds(1));
    }
    scenario.run(Duration.ofSeconds(60));
    scenario.assertStored("waited");
    assertEquals(4000, Collections.max(scenario.database.copies));
  }

  /** After the third slow one, the others leave the flush. */
  @Test
  void loneSleepingRows_delayOthersByAnEighthOfTheAckTimeoutAndTwoSeconds() {
    for (int i = 0; i < 8; i++) {
      scenario
          .request("sleep" + i, scenario.t)
          .taking(Duration.ofMinutes(5), Stage.CONSTRAINTS)
          .arrivingAfter(Duration.ofSeconds(1));
    }
    scenario.request("other", scenario.u).arrivingAfter(Duration.ofMillis(1100));
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(6), scenario.assertStored("other"));
  }

  /** They wait for nothing, and the sleeping row that is due would take a second. */
  @Test
  void separateRequests_areWrittenBeforeARetry() {
    for (int i = 0; i < 2; i++) {
      scenario
          .request("sleep" + i, scenario.t)
          .taking(Duration.ofMinutes(5), Stage.COPY)
          .arrivingAfter(Duration.ofSeconds(1));
    }
    scenario.request("same", scenario.t).arrivingAfter(Duration.ofSeconds(1));
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(5), scenario.assertStored("same"));
  }

  /** To find it takes an attempt for each halving, but not a slow one. */
  @Test
  void rowThatFailsAfterSomeTime_delaysOthersByItsFirstAttempts() {
    for (int i = 0; i < 100; i++) {
      scenario.request("other" + i, scenario.u).arrivingAfter(Duration.ofSeconds(1));
    }
    scenario
        .request("slow", scenario.t)
        .failingAfter(Duration.ofSeconds(3), "23514", Stage.CONSTRAINTS)
        .arrivingAfter(Duration.ofSeconds(1));
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(8), scenario.assertStored("other"));
  }

  /** Each attempt takes a second, and another row is always due. */
  @Test
  void retriesOfSleepingRows_leaveHalfOfTheTimeToOthers() {
    for (int i = 0; i < 5; i++) {
      scenario
          .request("sleep" + i, scenario.t)
          .taking(Duration.ofMinutes(5), Stage.COPY)
          .arrivingAfter(Duration.ofSeconds(1));
    }
    for (int i = 0; i < 200; i++) {
      scenario.request("other" + i, scenario.u).arrivingAfter(Duration.ofMillis(10_000 + 100 * i));
    }
    scenario.run(Duration.ofSeconds(60));
    scenario.assertStored("other");
    Duration atOnce = Duration.ofMillis(50);
    long answeredAtOnce =
        scenario.answers.values().stream().filter(a -> a.waited().compareTo(atOnce) < 0).count();
    assertTrue(answeredAtOnce >= 80, answeredAtOnce + " of 200 were answered at once");
  }

  /** The requests of a connection whose row was too slow are tried apart from then on. */
  @Test
  void slowRow_makesItsConnectionSuspect() {
    WriterScenario.Request first = scenario.request("sleep0", scenario.t);
    first.taking(Duration.ofMinutes(5), Stage.COPY).arrivingAfter(Duration.ofSeconds(1));
    scenario.request("same", scenario.t).arrivingAfter(Duration.ofSeconds(1));
    for (int i = 1; i < 5; i++) {
      WriterScenario.Request again = scenario.request("sleep" + i, scenario.t);
      again.batch().setSource(1);
      again.taking(Duration.ofMinutes(5), Stage.COPY).arrivingAfter(Duration.ofSeconds(20 + i));
    }
    for (int i = 0; i < 300; i++) {
      scenario
          .request((i < 100 ? "early" : "other") + i, scenario.u)
          .arrivingAfter(Duration.ofMillis(5000 + 100L * i));
    }
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(Duration.ofMillis(1150), scenario.assertStored("other"));
  }

  /** No other request arrives that would make the writer look after it. */
  @Test
  void loneSleepingRow_isAnsweredAtItsAckTimeout() {
    scenario
        .request("sleep", scenario.t)
        .taking(Duration.ofMinutes(5), Stage.COPY)
        .arrivingAfter(Duration.ofSeconds(1));
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(ACK_TIMEOUT.plusSeconds(2), scenario.longestOf(Outcome.Kind.UNAVAILABLE, "sleep"));
  }

  @Test
  void deferredRequest_besideASleepingRow_isAnsweredAtItsAckTimeout() {
    scenario.request("bad", scenario.u).failing("40001", Stage.COPY).arrivingAfter(Duration.ZERO);
    scenario
        .request("sleep", scenario.t)
        .taking(Duration.ofMinutes(5), Stage.COPY)
        .arrivingAfter(Duration.ofSeconds(27));
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(ACK_TIMEOUT.plusSeconds(2), scenario.longestOf(Outcome.Kind.UNAVAILABLE, "bad"));
  }
}
