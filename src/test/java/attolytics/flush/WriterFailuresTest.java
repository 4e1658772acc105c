package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.metrics.Metrics;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Failures of the database, and of the writer itself, with nothing left to chance. */
class WriterFailuresTest {
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration START = Duration.ofSeconds(1);

  @RegisterExtension private final Logged deferralLogged = new Logged(Deferral.class);

  private final List<Long> flushNanos = new ArrayList<>();
  private final WriterScenario scenario =
      new WriterScenario(
          ACK_TIMEOUT,
          ObservedMetrics.by(
              (method, arguments) -> {
                if (method.equals("flushCommitted")) {
                  flushNanos.add((Long) arguments[2]);
                }
              }));

  private static void assertAtMost(Duration limit, Duration actual) {
    assertTrue(actual.compareTo(limit) <= 0, actual + " is longer than " + limit);
  }

  @ParameterizedTest
  @CsvSource({"57014", "55P03", "58030", "XX000"})
  void commitThatFailsForOneRequest_failsThatRequestOnly(String sqlState) {
    for (int i = 0; i < 20; i++) {
      scenario.request("good" + i, scenario.t).arrivingAfter(START);
    }
    scenario.request("bad", scenario.t).failing(sqlState, Stage.COMMIT).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(1), scenario.assertStored("good"));
    scenario.longestOf(Outcome.Kind.UNAVAILABLE, "bad");
  }

  /** Where the server cannot tell the status, requests with a key are tried again. */
  @Test
  void commitThatOneRequestBreaks_withAnUnknownStatus_failsThatRequestOnly() {
    scenario.database.status = TransactionStatus.UNKNOWN;
    for (int i = 0; i < 20; i++) {
      scenario.keyedRequest("good" + i, scenario.t).arrivingAfter(START);
    }
    scenario.keyedRequest("bad", scenario.t).killingItsSession(Stage.COMMIT).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(5), scenario.assertStored("good"));
    scenario.longestOf(Outcome.Kind.UNKNOWN, "bad");
  }

  @Test
  void recoveredCommit_isMeasuredWhole() {
    scenario.database.confirmsNoCommit = true;
    scenario.database.statusNanos = Duration.ofSeconds(2).toNanos();
    scenario.request("r", scenario.t).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    scenario.assertStored("r");
    assertEquals(List.of(Duration.ofMillis(2002).toNanos()), flushNanos);
  }

  /** Else they would fill the buffer, and requests for other tables were refused, too. */
  @Test
  void requestsForALockedTable_areRefusedAtOnce_whenTheyFillTheirShareOfTheBuffer() {
    long bytes = scenario.request("like all", scenario.u).batch().reservedBytes();
    WriterScenario own = new WriterScenario(ACK_TIMEOUT, 10 * bytes, Metrics.NONE);
    own.clock.at(
        START,
        () ->
            own.database.lockedUntil.put(
                own.u, own.clock.nanoTime() + Duration.ofSeconds(10).toNanos()));
    for (int i = 0; i < 30; i++) {
      Duration arrival = START.plusMillis(100L * i);
      own.request(i < 10 ? "waits" + i : "more" + i, own.u).arrivingAfter(arrival);
      own.request("other" + i, own.t).arrivingAfter(arrival);
    }
    own.request("later", own.u).arrivingAfter(START.plusSeconds(12));
    own.run(Duration.ofSeconds(60));
    own.assertStored("waits");
    own.assertStored("later");
    assertAtMost(Duration.ofMillis(900), own.assertStored("other"));
    assertAtMost(Duration.ofMillis(900), own.longestOf(Outcome.Kind.BUFFER_FULL, "more"));
    assertEquals(
        "table u is locked (by whom: see Locks in the runbook)"
            + "; no more requests can wait: those that do fill three quarters of the buffer",
        Objects.requireNonNull(own.answers.get("more20")).reason());
  }

  /** The same for a table whose requests are written separately. */
  @Test
  void requestsForASlowTable_areRefusedAtOnce_whenTheyFillTheirShareOfTheBuffer() {
    long bytes = scenario.request("like all", scenario.u).batch().reservedBytes();
    WriterScenario own = new WriterScenario(ACK_TIMEOUT, 10 * bytes, Metrics.NONE);
    for (int i = 0; i < 400; i++) {
      Duration arrival = START.plusMillis(50L * i);
      own.request("slow" + i, own.u)
          .taking(Duration.ofSeconds(2), Stage.COPY)
          .arrivingAfter(arrival);
      own.request("other" + i, own.t).arrivingAfter(arrival);
    }
    own.run(Duration.ofSeconds(60));
    own.assertStored("other");
    long full =
        own.answers.entrySet().stream()
            .filter(each -> each.getKey().startsWith("slow"))
            .filter(each -> each.getValue().outcome() == Outcome.Kind.BUFFER_FULL)
            .count();
    assertTrue(full > 200, full + " of 400 were refused");
  }

  /** Parts that were queued before: the splitting of a flush leaves several. */
  @Test
  void lockThatBecomesKnown_isWaitedForOnce() {
    for (int i = 0; i < 64; i++) {
      scenario.request("locked" + i, scenario.u).arrivingAfter(START);
      scenario.request("good" + i, scenario.t).arrivingAfter(START);
    }
    scenario.request("bad", scenario.t).failing("23505", Stage.CONSTRAINTS).arrivingAfter(START);
    scenario.clock.at(
        START,
        () ->
            scenario.database.lockedUntil.put(
                scenario.u, scenario.clock.nanoTime() + Duration.ofSeconds(10).toNanos()));
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofMillis(900), scenario.assertStored("good"));
    scenario.longestOf(Outcome.Kind.CONFLICT, "bad");
    assertAtMost(Duration.ofSeconds(12), scenario.assertStored("locked"));
  }

  /** It is answered by its key, and shows nothing of the table. */
  @Test
  void repeat_doesNotEndTheWaitForALockedTable() {
    scenario.database.lockedUntil.put(
        scenario.t, scenario.clock.nanoTime() + Duration.ofSeconds(10).toNanos());
    scenario.database.keys.add(new IdempotencyKey("a", "repeat", new byte[0]));
    scenario.request("locked", scenario.t).arrivingAfter(START);
    scenario.keyedRequest("repeat", scenario.t).arrivingAfter(START.plusSeconds(1));
    scenario.run(Duration.ofSeconds(60));
    scenario.assertStored("locked");
    scenario.longestOf(Outcome.Kind.REPLAYED, "repeat");
    assertEquals(1, deferralLogged.messages().size(), deferralLogged.messages()::toString);
  }

  /** Each of many that failed alone may take its time at its next attempt. */
  @Test
  void deferredRequests_holdUpNobodyForLong() {
    for (int i = 0; i < 40; i++) {
      scenario
          .keyedRequest("held" + i, scenario.t)
          .taking(Duration.ofMillis(400), Stage.CONSTRAINTS)
          .arrivingAfter(START);
    }
    scenario.clock.at(
        START,
        () ->
            scenario.database.behaviours.keySet().stream()
                .map(batch -> batch.key())
                .forEach(
                    key ->
                        scenario.database.keyLockedUntil.put(
                            key, scenario.clock.nanoTime() + Duration.ofSeconds(5).toNanos())));
    for (int i = 0; i < 300; i++) {
      scenario.request("other" + i, scenario.u).arrivingAfter(Duration.ofMillis(2000 + 100L * i));
    }
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(Duration.ofSeconds(2), scenario.assertStored("other"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"flushFailed", "rowsCommitted"})
  void failureOfItsOwn_leavesNoRowsPending_andNoClockRunning(String where) {
    List<Duration> busy = new ArrayList<>();
    boolean[] armed = {false};
    WriterScenario own =
        new WriterScenario(
            ACK_TIMEOUT,
            ObservedMetrics.by(
                (method, arguments) -> {
                  if (armed[0] && method.equals(where)) {
                    armed[0] = false;
                    throw new OutOfMemoryError("of the test");
                  }
                }));
    own.request("bad", own.t).failing("40001", Stage.COPY).arrivingAfter(START);
    own.request("second", own.t).failing("40001", Stage.COPY).arrivingAfter(START);
    own.clock.at(
        Duration.ofSeconds(5),
        () -> {
          armed[0] = true;
          if (where.equals("rowsCommitted")) {
            own.database.behaviours.clear();
          }
        });
    own.request("later", own.u).arrivingAfter(Duration.ofSeconds(8));
    for (int i = 0; i < 100; i++) {
      own.clock.at(Duration.ofMillis(5000 + 50 * i), () -> busy.add(own.writer.busy()));
    }
    List<Long> pending = new ArrayList<>();
    own.clock.at(
        Duration.ofSeconds(7), () -> pending.add(own.ring.usedRows() + own.writer.deferredRows()));
    own.run(Duration.ofSeconds(60));
    assertEquals(List.of(0L), pending);
    own.assertStored("later");
    for (int i = 1; i < busy.size(); i++) {
      assertTrue(busy.get(i).compareTo(busy.get(i - 1)) >= 0, busy::toString);
    }
  }

  /** Together they would be too slow at each retry. */
  @Test
  void keyThatWasLocked_isWrittenApartFromASlowRow() {
    scenario.keyedRequest("good", scenario.t).arrivingAfter(START);
    scenario
        .keyedRequest("sleep", scenario.t)
        .taking(Duration.ofMinutes(5), Stage.CONSTRAINTS)
        .arrivingAfter(START);
    holdAllKeys(Duration.ofSeconds(3));
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(Duration.ofSeconds(7), scenario.assertStored("good"));
  }

  private void holdAllKeys(Duration time) {
    for (String name : List.of("good", "sleep")) {
      IdempotencyKey key = new IdempotencyKey("a", name, new byte[0]);
      scenario.clock.at(
          START,
          () ->
              scenario.database.keyLockedUntil.put(
                  key, scenario.clock.nanoTime() + time.toNanos()));
    }
  }

  /** Whatever the pauses of the outage before have grown to. */
  @Test
  void rowThatEndsItsSession_afterAnOutage_delaysOthersByLittle() {
    scenario.clock.at(
        START, () -> scenario.database.awayUntil = scenario.clock.nanoTime() + 5_000_000_000L);
    scenario.request("bad", scenario.t).killingItsSession(Stage.COPY).arrivingAfter(START);
    for (int i = 0; i < 63; i++) {
      scenario.request("good" + i, scenario.t).arrivingAfter(START);
    }
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(8), scenario.assertStored("good"));
  }

  /** On the connections of a proxy, on which a client sends bad rows. */
  @Test
  void rowThatEndsItsSession_amongSeparateRequests_ofABusyWriter_delaysOthersByLittle() {
    requestsAllTheTime();
    onConnection(7, scenario.request("refused", scenario.u).failing("23505", Stage.CONSTRAINTS))
        .arrivingAfter(START);
    Duration later = START.plusMillis(100);
    onConnection(7, scenario.request("bad", scenario.u).killingItsSession(Stage.COPY))
        .arrivingAfter(later);
    for (int i = 0; i < 20; i++) {
      onConnection(7, scenario.request("good" + i, scenario.u)).arrivingAfter(later);
    }
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(2), scenario.assertStored("good"));
    assertAtMost(Duration.ofSeconds(1), scenario.assertStored("other"));
  }

  /** Its attempts are as far apart as those of any request that fails again and again. */
  @Test
  void rowThatEndsItsSession_isTriedLessOften_byABusyWriter() {
    requestsAllTheTime();
    scenario.request("bad", scenario.u).killingItsSession(Stage.COPY).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    int lost = scenario.database.lostSessions;
    assertTrue(lost < 120, lost + " attempts in 30 s");
  }

  private WriterScenario.Request onConnection(int source, WriterScenario.Request request) {
    request.batch().setSource(source);
    return request;
  }

  private void requestsAllTheTime() {
    for (int i = 0; i < 8_000; i++) {
      scenario.request("other" + i, scenario.t).arrivingAfter(START.plusMillis(4L * i));
    }
  }

  /** The rest after a retry is for others, and not for as long as the database was away. */
  @Test
  void retryDuringAnOutage_isNotFollowedByAsLongARest() {
    scenario.database.statusNanos = Duration.ofSeconds(10).toNanos();
    scenario.clock.at(
        START,
        () ->
            scenario.database.lockedUntil.put(
                scenario.t, scenario.clock.nanoTime() + Duration.ofSeconds(2).toNanos()));
    scenario.request("one", scenario.t).arrivingAfter(START);
    scenario.request("other", scenario.t).arrivingAfter(START);
    scenario.clock.at(START.plusSeconds(1), () -> scenario.database.confirmsNoCommit = true);
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(15), scenario.assertStored("o"));
  }

  @Test
  void lostCommit_thatWasAborted_isWrittenAgain() {
    scenario.database.confirmsNoCommit = true;
    scenario.database.status = TransactionStatus.ABORTED;
    scenario.request("r", scenario.t).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(1), scenario.assertStored("r"));
    assertEquals(List.of(1, 1), scenario.database.copies);
  }

  /** The pauses between the queries have grown to a second by then. */
  @Test
  void lostCommit_thatWasAbortedInAnOutage_isWrittenAgainOnceTheDatabaseAnswers() {
    scenario.database.confirmsNoCommit = true;
    scenario.database.status = TransactionStatus.UNDECIDED;
    scenario.clock.at(
        START.plusSeconds(3), () -> scenario.database.status = TransactionStatus.ABORTED);
    scenario.request("r", scenario.t).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofMillis(3500), scenario.assertStored("r"));
    assertEquals(List.of(1, 1), scenario.database.copies);
  }

  @Test
  void lostCommit_thatIsUndecided_isAskedAbout_untilTheAckTimeout() {
    scenario.database.confirmsNoCommit = true;
    scenario.database.status = TransactionStatus.UNDECIDED;
    scenario.request("r", scenario.t).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    Duration waited = scenario.longestOf(Outcome.Kind.UNKNOWN, "r");
    assertAtMost(ACK_TIMEOUT.plusSeconds(2), waited);
    assertAtMost(waited, ACK_TIMEOUT);
    assertEquals(List.of(1), scenario.database.copies);
  }

  @Test
  void lostCommit_thatEndsLater_isCommittedThen() {
    scenario.database.confirmsNoCommit = true;
    scenario.database.status = TransactionStatus.UNDECIDED;
    scenario.clock.at(
        START.plusSeconds(3), () -> scenario.database.status = TransactionStatus.COMMITTED);
    scenario.request("r", scenario.t).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(5), scenario.assertStored("r"));
    assertEquals(List.of(1), scenario.database.copies);
  }

  @Test
  void repeat_getsItsAnswer_whateverBecomesOfTheOthersOfItsFlush() {
    WriterScenario.Request repeated = scenario.keyedRequest("k", scenario.t);
    scenario.database.keys.add(repeated.batch().key());
    scenario.database.missing.add(scenario.t);
    repeated.arrivingAfter(START);
    scenario.request("new", scenario.t).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    scenario.longestOf(Outcome.Kind.REPLAYED, "k");
    scenario.longestOf(Outcome.Kind.TABLE_BROKEN, "new");
  }

  @Test
  void repeat_getsItsAnswer_whateverBecomesOfTheCommit() {
    WriterScenario.Request repeated = scenario.keyedRequest("k", scenario.t);
    scenario.database.keys.add(repeated.batch().key());
    scenario.database.confirmsNoCommit = true;
    scenario.database.status = TransactionStatus.UNDECIDED;
    repeated.arrivingAfter(START);
    scenario.request("new", scenario.t).arrivingAfter(START);
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(1), scenario.longestOf(Outcome.Kind.REPLAYED, "k"));
    scenario.longestOf(Outcome.Kind.UNKNOWN, "new");
  }

  @Test
  void failureOfTheDriver_leavesTheOutcomeOpen() {
    Column id = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);
    Table distributed = new Table("d", 2, List.of(id), null, id);
    WriterScenario.Request request = scenario.request("r", distributed);
    request.failing("XX000", Stage.COPY).arrivingAfter(START); // the INSERT is not supported here
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(1), scenario.longestOf(Outcome.Kind.UNKNOWN, "r"));
  }

  @Test
  void connectionOfARejectedRow_isSuspectForTenSeconds() {
    scenario.request("bad", scenario.t).failing("23514", Stage.COPY).arrivingAfter(START);
    for (int seconds : new int[] {5, 30}) {
      WriterScenario.Request same = scenario.request("same" + seconds, scenario.t);
      same.batch().setSource(1);
      same.arrivingAfter(Duration.ofSeconds(seconds));
      scenario.request("other" + seconds, scenario.t).arrivingAfter(Duration.ofSeconds(seconds));
    }
    scenario.run(Duration.ofSeconds(60));
    scenario.assertStored("same");
    scenario.assertStored("other");
    assertEquals(List.of(1, 1, 1, 2), scenario.database.copies);
  }

  /** While the writer waits for the database, with a request that came later. */
  @Test
  void deferredRequest_isAnsweredInTime_duringAnOutage() {
    scenario.request("bad", scenario.t).failing("40001", Stage.COPY).arrivingAfter(START);
    scenario.request("later", scenario.u).arrivingAfter(Duration.ofSeconds(20));
    scenario.clock.at(
        Duration.ofSeconds(15),
        () ->
            scenario.database.awayUntil =
                scenario.clock.nanoTime() + Duration.ofSeconds(60).toNanos());
    scenario.run(Duration.ofSeconds(90));
    assertAtMost(ACK_TIMEOUT.plusSeconds(2), scenario.longestOf(Outcome.Kind.UNAVAILABLE, "bad"));
    scenario.longestOf(Outcome.Kind.UNAVAILABLE, "later");
  }

  @Test
  void ownFailure_answersDeferredRequests() {
    boolean[] armed = {false};
    WriterScenario own =
        new WriterScenario(
            ACK_TIMEOUT,
            ObservedMetrics.by(
                (method, arguments) -> {
                  if (armed[0] && method.equals("flushFailed")) {
                    armed[0] = false;
                    throw new OutOfMemoryError("of the test");
                  }
                }));
    own.request("bad", own.t).failing("40001", Stage.COPY).arrivingAfter(START);
    own.clock.at(START.plusSeconds(4), () -> armed[0] = true);
    own.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(6), own.longestOf(Outcome.Kind.UNKNOWN, "bad"));
  }

  /** Every flush finds the next requests there. */
  @Test
  void deferredRequest_isRetried_betweenFlushesWithoutAPause() {
    scenario.clock.at(
        START,
        () ->
            scenario.database.lockedUntil.put(
                scenario.u, scenario.clock.nanoTime() + Duration.ofSeconds(1).toNanos()));
    scenario.request("locked", scenario.u).arrivingAfter(START);
    for (int i = 0; i < 8_000; i++) {
      scenario.request("other" + i, scenario.t).arrivingAfter(START.plusMillis(i));
    }
    scenario.run(Duration.ofSeconds(60));
    assertAtMost(Duration.ofSeconds(3), scenario.assertStored("locked"));
    scenario.assertStored("other");
  }
}
