package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What a writer reports of itself, and how it stops. */
class WriterReportsTest {
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(30);

  private final List<String> measured = new ArrayList<>();
  private String failing = "";
  private final WriterScenario scenario =
      new WriterScenario(
          ACK_TIMEOUT,
          ObservedMetrics.by(
              (method, arguments) -> {
                measured.add(method + Arrays.toString(arguments));
                if (method.equals(failing)) {
                  failing = "";
                  throw new OutOfMemoryError("of the test");
                }
              }));
  private final long start = scenario.clock.nanoTime();

  /** What is reported at each of these times. */
  private <V> List<V> at(Supplier<V> reported, double... seconds) {
    List<V> values = new ArrayList<>();
    for (double second : seconds) {
      scenario.clock.at(
          Duration.ofMillis((long) (second * 1000)), () -> values.add(reported.get()));
    }
    return values;
  }

  private void slowAfterNineSeconds() {
    scenario
        .request("slow", scenario.t)
        .taking(Duration.ofSeconds(4), Stage.COPY)
        .arrivingAfter(Duration.ofSeconds(9));
  }

  /** Idle, it looks around once a second; a flush begins 5 ms after its first request. */
  @Test
  void silence_isSinceTheLastSignOfLife() {
    slowAfterNineSeconds();
    List<Duration> silences = at(scenario.writer::silence, 5.5, 11);
    scenario.run(Duration.ofSeconds(20));
    assertEquals(List.of(Duration.ofMillis(500), Duration.ofMillis(1995)), silences);
    scenario.clock.advance(Duration.ofSeconds(5).toNanos());
    assertEquals(Duration.ZERO, scenario.writer.silence(), "it has ended");
  }

  @Test
  void silence_endsWithEachTransaction() {
    for (int i = 0; i < 2; i++) {
      scenario
          .request("slow" + i, scenario.t)
          .taking(Duration.ofSeconds(6), Stage.COPY)
          .arrivingAfter(Duration.ofSeconds(1));
    }
    List<Duration> silences = at(scenario.writer::silence, 5.2);
    scenario.run(Duration.ofSeconds(60));
    assertTrue(silences.get(0).compareTo(Duration.ofSeconds(1)) < 0, silences::toString);
  }

  @Test
  void busy_isTheTimeOfItsFlushes() {
    slowAfterNineSeconds();
    List<Duration> busy = at(scenario.writer::busy, 5, 11, 18);
    scenario.run(Duration.ofSeconds(20));
    assertEquals(List.of(Duration.ZERO, Duration.ofMillis(1995), Duration.ofMillis(4002)), busy);
    assertEquals(1, scenario.writer.rows());
  }

  @Test
  void waiting_isTheTimeOfAnOutage() {
    scenario.request("r", scenario.t).arrivingAfter(Duration.ofSeconds(1));
    scenario.clock.at(
        Duration.ofSeconds(1),
        () -> scenario.database.awayUntil = scenario.clock.nanoTime() + 5_000_000_000L);
    slowAfterNineSeconds();
    List<Duration> waiting = at(scenario.writer::waiting, 0.5, 3, 8, 18);
    scenario.run(Duration.ofSeconds(20));
    scenario.assertStored("r");
    Duration whole = Duration.ofMillis(4997); // from the first attempt to the COMMIT
    assertEquals(List.of(Duration.ZERO, Duration.ofMillis(1995), whole, whole), waiting);
  }

  @Test
  void busy_isTheTimeOfRetries_too() {
    scenario
        .request("bad", scenario.t)
        .failing("40001", Stage.COPY)
        .arrivingAfter(Duration.ofSeconds(1));
    List<Duration> busy = at(scenario.writer::busy, 1.01, 3);
    scenario.run(Duration.ofSeconds(60));
    assertTrue(busy.get(1).compareTo(busy.get(0).plusMillis(5)) > 0, busy::toString);
  }

  @Test
  void heldTables_areThoseThatAreLocked() {
    scenario.database.lockedUntil.put(
        scenario.u, scenario.clock.nanoTime() + Duration.ofSeconds(5).toNanos());
    scenario.request("locked", scenario.u).arrivingAfter(Duration.ofSeconds(1));
    List<Set<String>> held = at(scenario.writer::heldTables, 0.5, 3, 8);
    scenario.run(Duration.ofSeconds(10));
    assertEquals(List.of(Set.of(), Set.of("u"), Set.of()), held);
  }

  @Test
  void oldest_isThatOfTheFlush() {
    slowAfterNineSeconds();
    List<Duration> oldest = at(scenario.writer::oldest, 5, 11, 18);
    scenario.run(Duration.ofSeconds(20));
    assertEquals(List.of(Duration.ZERO, Duration.ofSeconds(2), Duration.ZERO), oldest);
  }

  @Test
  void deferredRows_andTheirAge_areReported() {
    scenario
        .request("bad", scenario.t, scenario.t)
        .failing("40001", Stage.COPY)
        .arrivingAfter(Duration.ofSeconds(1));
    List<Integer> rows = at(scenario.writer::deferredRows, 0.5, 3, 40);
    List<Duration> oldest = at(scenario.writer::oldest, 0.5, 3, 40);
    scenario.run(Duration.ofSeconds(60));
    assertEquals(List.of(0, 2, 0), rows);
    assertEquals(List.of(Duration.ZERO, Duration.ofSeconds(2), Duration.ZERO), oldest);
  }

  @Test
  void failed_untilTheNextSuccess() {
    failing = "flushStarted";
    scenario.request("r", scenario.t).arrivingAfter(Duration.ofSeconds(1));
    List<Boolean> failed = at(scenario.writer::failed, 0.5, 1.05, 3);
    scenario.run(Duration.ofSeconds(5));
    assertEquals(List.of(false, true, false), failed);
    scenario.longestOf(Outcome.Kind.UNKNOWN, "r");
  }

  @Test
  void check_abortsWhatIsOverdue_andEverythingOnceItIsAbandoned() {
    scenario.writer.check();
    assertEquals(1, scenario.database.overdueChecks);
    assertEquals(0, scenario.database.aborts);
    scenario.writer.abandon();
    assertEquals(1, scenario.database.aborts);
    scenario.writer.check();
    assertEquals(2, scenario.database.aborts, "a connection may have been opened since");
  }

  @Test
  void abandon_answersWhatWaits() {
    scenario.request("bad", scenario.t).failing("40001", Stage.COPY).arrivingAfter(Duration.ZERO);
    scenario.clock.at(Duration.ofSeconds(3), scenario.writer::abandon);
    scenario.run(Duration.ofSeconds(60));
    scenario.longestOf(Outcome.Kind.STOPPED, "bad");
    assertRunFor(Duration.ofSeconds(3));
  }

  @Test
  void abandon_endsThePauseOfAnOutage() {
    scenario.database.awayUntil = Long.MAX_VALUE;
    scenario.request("r", scenario.t).arrivingAfter(Duration.ofSeconds(1));
    scenario.clock.at(
        Duration.ofSeconds(3),
        () -> {
          scenario.clock.unparked.clear();
          scenario.writer.abandon();
          assertTrue(scenario.clock.unparked.contains(Thread.currentThread()));
        });
    scenario.run(Duration.ofSeconds(60));
    scenario.longestOf(Outcome.Kind.STOPPED, "r");
    assertRunFor(Duration.ofSeconds(3));
  }

  @Test
  void stop_endsTheRun() {
    scenario.run(Duration.ofMillis(2500));
    assertRunFor(Duration.ofMillis(2500));
  }

  @Test
  void stop_waitsForDeferredRequests() {
    scenario.database.lockedUntil.put(
        scenario.u, scenario.clock.nanoTime() + Duration.ofSeconds(5).toNanos());
    scenario.request("locked", scenario.u).arrivingAfter(Duration.ofSeconds(1));
    scenario.run(Duration.ofSeconds(2));
    assertTrue(scenario.assertStored("locked").compareTo(Duration.ofSeconds(5)) < 0);
  }

  /** For so long, and no more than ten milliseconds longer. */
  private void assertRunFor(Duration expected) {
    Duration run = Duration.ofNanos(scenario.clock.nanoTime() - start);
    assertTrue(
        run.compareTo(expected) >= 0 && run.minus(expected).compareTo(Duration.ofMillis(10)) <= 0,
        run::toString);
  }

  @Test
  void committedRows_areMeasured() {
    WriterScenario.Request request = scenario.request("r", scenario.t, scenario.t, scenario.u);
    request.batch().leaveOut(scenario.t, 0);
    request.arrivingAfter(Duration.ofSeconds(1));
    scenario.run(Duration.ofSeconds(2));
    assertEquals(
        List.of(
            "flushStarted[INTERVAL]",
            "rowsCommitted[t, 1]",
            "rowsLeftOut[t, 1]",
            "rowsCommitted[u, 1]",
            "flushCommitted[2, 42, 3000000]"),
        measured);
  }

  @Test
  void rowsThatWereStoredBefore_areNotMeasured() {
    WriterScenario.Request repeated = scenario.keyedRequest("k", scenario.t);
    scenario.database.keys.add(repeated.batch().key());
    repeated.arrivingAfter(Duration.ofSeconds(1));
    scenario.request("other", scenario.u).arrivingAfter(Duration.ofSeconds(1));
    scenario.run(Duration.ofSeconds(2));
    assertEquals(
        List.of("flushStarted[INTERVAL]", "rowsCommitted[u, 1]", "flushCommitted[1, 14, 2000000]"),
        measured);
    scenario.longestOf(Outcome.Kind.REPLAYED, "k");
    scenario.assertStored("other");
  }

  @Test
  void failedFlush_isMeasured() {
    scenario
        .request("bad", scenario.t)
        .failing("23514", Stage.COPY)
        .arrivingAfter(Duration.ofSeconds(1));
    scenario.run(Duration.ofSeconds(2));
    assertEquals(List.of("flushStarted[INTERVAL]", "flushFailed[23]"), measured);
  }
}
