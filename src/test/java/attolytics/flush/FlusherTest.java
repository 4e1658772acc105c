package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.U;
import static attolytics.flush.Batches.batch;
import static attolytics.flush.Batches.keyed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.LenientRequest;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.flush.FakeDatabase.Behaviour;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.metrics.Metrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Single flushes and retries; the other tests of writers have them follow one another. */
class FlusherTest {
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(5);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  private final FakeClock clock = new FakeClock();
  private final FakeDatabase database = new FakeDatabase(clock);
  private final OutageLog outages = new OutageLog(clock, status -> 0);
  private final Flusher flusher = flusher(database);
  private final List<Outcome.Kind> outcomes = new ArrayList<>();
  @RegisterExtension private final Logged logged = new Logged(Flusher.class);
  @RegisterExtension private final Logged outageLogged = new Logged(OutageLog.class);

  private Flusher flusher(FakeDatabase on) {
    return flusher(on, new DeferredShare(Long.MAX_VALUE, 1));
  }

  private Flusher flusher(FakeDatabase on, DeferredShare share) {
    Arrivals arrivals = new Arrivals(new Ring(8, clock), clock.nanoTime());
    return new Flusher(on, arrivals, ACK_TIMEOUT, share, Metrics.NONE, outages, clock);
  }

  private Batch waiting(Batch batch) {
    batch.accept(outcome -> outcomes.add(outcome.kind()), clock.nanoTime());
    return batch;
  }

  private Batch failing(String sqlState, Stage stage) {
    Batch batch = waiting(batch(T));
    database.behaviours.put(batch, new Behaviour(stage, 0, sqlState, false));
    return batch;
  }

  /** Another writer, whose database is back, commits something. */
  private void otherWriterCommits() {
    flusher(new FakeDatabase(clock)).flush(List.of(waiting(batch(U))));
  }

  /** The next transaction may take half of its requests' time. */
  @Test
  void flush_beginsWithAnswersToDeferredRequestsThatHaveExpired() {
    flusher.flush(List.of(failing("40001", Stage.COPY)));
    clock.advance(ACK_TIMEOUT.toNanos() + 1);
    flusher.flush(List.of(waiting(batch(T))));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE, Outcome.Kind.STORED), outcomes);
  }

  private long millis(Runnable step) {
    long start = clock.nanoTime();
    step.run();
    return TimeUnit.NANOSECONDS.toMillis(clock.nanoTime() - start);
  }

  @Test
  void outage_isOver_whenAnotherWriterCommits_andThisOneHasNothingLeft() {
    database.awayUntil = Long.MAX_VALUE;
    flusher.flush(List.of(waiting(batch(T))));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE), outcomes);
    assertEquals(1, outageLogged.messages().size());
    otherWriterCommits();
    assertEquals(2, outageLogged.messages().size(), "it says that writes have resumed");
  }

  @Test
  void outage_isNotOver_whileThisWriterHasSomethingLeft() {
    flusher.flush(List.of(failing("40001", Stage.COPY)));
    clock.advance(SECOND);
    database.awayUntil = Long.MAX_VALUE;
    flusher.writeDeferred(SECOND);
    assertTrue(flusher.hasDeferred());
    otherWriterCommits();
    assertEquals(1, outageLogged.messages().size());
  }

  @Test
  void outage_isOver_whenWhatWasDeferredHasExpired() {
    flusher.flush(List.of(failing("40001", Stage.COPY)));
    clock.advance(SECOND);
    database.awayUntil = Long.MAX_VALUE;
    flusher.writeDeferred(SECOND);
    clock.advance(ACK_TIMEOUT.toNanos());
    flusher.writeDeferred(0);
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE), outcomes);
    otherWriterCommits();
    assertEquals(2, outageLogged.messages().size(), "it says that writes have resumed");
  }

  private void loseConnectionInARetry() {
    Batch batch = failing("40001", Stage.COPY);
    flusher.flush(List.of(batch));
    database.behaviours.put(batch, new Behaviour(Stage.COPY, 0, "08006", true));
    clock.advance(SECOND);
    flusher.writeDeferred(MILLISECOND);
    clock.advance(ACK_TIMEOUT.toNanos());
    flusher.writeDeferred(0);
    otherWriterCommits();
  }

  /** Each may be a restart of the server, however many days lie between them. */
  @Test
  void connectionsLostInRetries_areNotCountedTogether_ifTheRequestsHaveExpired() {
    loseConnectionInARetry();
    loseConnectionInARetry();
    assertEquals(
        2,
        outageLogged.messages().stream().filter(line -> line.contains("writes failing")).count());
  }

  @Test
  void outage_isOver_whenTheRequestExpiresWhileItIsRetried() {
    flusher.flush(List.of(failing("40001", Stage.COPY)));
    clock.advance(ACK_TIMEOUT.toNanos() - 100 * MILLISECOND);
    database.awayUntil = Long.MAX_VALUE;
    flusher.writeDeferred(SECOND);
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE), outcomes);
    otherWriterCommits();
    assertEquals(2, outageLogged.messages().size(), "it says that writes have resumed");
  }

  /** There is no time for the next attempt, which would find that out. */
  @Test
  void requestThatExpiresInAPauseOfItsRetry_isAnsweredAfterThePause() {
    Batch batch = failing("40001", Stage.COPY);
    flusher.flush(List.of(batch));
    database.behaviours.put(batch, new Behaviour(Stage.COPY, 0, "08006", true));
    clock.advance(ACK_TIMEOUT.toNanos() - 10 * MILLISECOND);
    flusher.writeDeferred(15 * MILLISECOND);
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE), outcomes);
  }

  /** A locked key makes each of its attempts wait, and so all that are written with it. */
  @Test
  void requestWithAFreeKey_isWritten_whileAnotherKeyIsLocked() {
    Batch locked = waiting(keyed("k", T));
    database.keyLockedUntil.put(locked.key(), clock.nanoTime() + 60 * SECOND);
    flusher.flush(List.of(locked, waiting(keyed("l", T))));
    assertEquals(List.of(Outcome.Kind.STORED), outcomes);
    assertTrue(flusher.hasDeferred());
  }

  @Test
  void keysThatAreLockedAfterEachSearch_areSearchedTwiceOnly() {
    List<Batch> part = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      part.add(waiting(keyed("k" + i, T)));
    }
    database.keyLockedUntil.put(part.get(0).key(), Long.MAX_VALUE);
    database.afterKeySearch =
        searches -> database.keyLockedUntil.put(part.get(searches).key(), Long.MAX_VALUE);
    flusher.flush(part);
    assertEquals(2, database.keySearches);
    assertEquals(List.of(), outcomes, "all with a key wait");
    assertEquals(6, flusher.deferredRows());
  }

  @Test
  void flush_thatIsSplit_pauses_onlyIfAConnectionWasLost() {
    List<Batch> part = List.of(failing("23514", Stage.CONSTRAINTS), waiting(batch(T)));
    long withoutPause = millis(() -> flusher.flush(part));
    assertTrue(withoutPause < 20, withoutPause + " ms");
    Batch killing = waiting(batch(T));
    database.behaviours.put(killing, new Behaviour(Stage.COPY, 0, "08006", true));
    long withPauses = millis(() -> flusher.flush(List.of(killing, waiting(batch(T)))));
    assertTrue(withPauses >= 40, withPauses + " ms: before the same again, and before the parts");
  }

  /** Its turn does not come before the flush is over. */
  @Test
  void deferredRequest_isAnsweredInTime_whileAFlushIsSplit() {
    List<Long> answered = new ArrayList<>();
    Batch deferred = failing("40001", Stage.COPY);
    long accepted = clock.nanoTime();
    deferred.accept(outcome -> answered.add(clock.nanoTime() - accepted), accepted);
    flusher.flush(List.of(deferred));
    clock.advance(ACK_TIMEOUT.toNanos() - 100 * MILLISECOND);
    List<Batch> killing = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      Batch batch = waiting(batch(U));
      database.behaviours.put(batch, new Behaviour(Stage.COPY, 0, "08006", true));
      killing.add(batch);
    }
    flusher.flush(killing);
    long waited = answered.get(0);
    assertTrue(waited <= ACK_TIMEOUT.toNanos() + 30 * MILLISECOND, waited + " ns");
  }

  @Test
  void requestsForATable_areWrittenTogetherAgain_onceItHasAcceptedARow() {
    for (int i = 0; i < 2; i++) {
      flusher.flush(List.of(failing("40001", Stage.COPY)));
    }
    flusher.flush(List.of(waiting(batch(T))));
    flusher.flush(List.of(failing("40001", Stage.COPY)));
    outcomes.clear();
    flusher.flush(List.of(waiting(batch(T))));
    assertEquals(List.of(Outcome.Kind.STORED), outcomes, "its table is not suspect");
  }

  @Test
  void tableForWhichThreeRequestsFailInSuccession_isSuspect() {
    for (int i = 0; i < 3; i++) {
      flusher.flush(List.of(failing("40001", Stage.COPY)));
    }
    flusher.flush(List.of(waiting(batch(T))));
    assertEquals(List.of(), outcomes);
  }

  @Test
  void undecidedCommit_isAskedAboutWithGrowingPauses_andThenGivenUp() {
    database.confirmsNoCommit = true;
    database.status = TransactionStatus.UNDECIDED;
    flusher.flush(List.of(waiting(batch(T))));
    assertEquals(List.of(Outcome.Kind.UNKNOWN), outcomes);
    assertTrue(database.statusQueries < 15, database.statusQueries + " queries");
    assertTrue(
        logged
            .messages()
            .contains("Cannot query the status of a COMMIT in time; its requests get 504"));
  }

  @Test
  void requestsForOtherTables_areWritten_whereATableIsMissing() {
    database.missing.add(T);
    flusher.flush(List.of(waiting(batch(T)), waiting(batch(U))));
    assertEquals(List.of(Outcome.Kind.TABLE_BROKEN, Outcome.Kind.STORED), outcomes);
  }

  @Test
  void requestsThatWaitedForALock_areWrittenTogether_onceOneOfThemWasAccepted() {
    database.lockedUntil.put(T, clock.nanoTime() + 2 * SECOND);
    List<Batch> part = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      part.add(waiting(batch(T)));
    }
    flusher.flush(part);
    clock.advance(3 * SECOND);
    flusher.writeDeferred(SECOND);
    assertEquals(List.of(1, 4), database.copies);
    assertFalse(flusher.hasDeferred());
  }

  @Test
  void commitOfUnknownStatus_isUnknown_toThoseWithoutAKey() {
    database.confirmsNoCommit = true;
    database.status = TransactionStatus.UNKNOWN;
    Batch keyed = waiting(keyed("k", T));
    flusher.flush(List.of(waiting(batch(T)), keyed));
    assertEquals(List.of(Outcome.Kind.UNKNOWN, Outcome.Kind.STORED), outcomes);
    assertEquals(List.of(2, 1), database.copies);
  }

  /** Its batch is that of another request by then. */
  @Test
  void forget_endsTheDoubtAboutRequests() {
    database.confirmsNoCommit = true;
    database.status = TransactionStatus.UNKNOWN;
    Batch batch = waiting(keyed("k", T));
    database.behaviours.put(batch, new Behaviour(Stage.COPY, 0, "40001", false));
    database.failsFrom = 2;
    flusher.flush(List.of(batch));
    assertTrue(flusher.hasDeferred(), "after its second attempt");
    flusher.forget();
    assertFalse(flusher.hasDeferred());
    database.awayUntil = Long.MAX_VALUE;
    flusher.flush(List.of(waiting(batch)));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE), outcomes);
  }

  private Batch reserved(Batch batch) {
    assertTrue(batch.reserve(0));
    return waiting(batch);
  }

  /** Two writers whose share of the buffer has room for so many requests. */
  private List<Flusher> writersWithRoomFor(int requests) {
    DeferredShare share = new DeferredShare(requests * reserved(batch(T)).reservedBytes(), 2);
    return List.of(flusher(database, share), flusher(database, share));
  }

  /** That many for a table that is locked. */
  private List<Batch> locked(int requests) {
    database.lockedUntil.put(T, Long.MAX_VALUE);
    return Stream.generate(() -> reserved(batch(T))).limit(requests).toList();
  }

  @Test
  void deferredRequests_haveAShareOfTheBuffer_forAllWritersTogether() {
    List<Flusher> writers = writersWithRoomFor(3);
    writers.get(0).flush(locked(2));
    writers.get(1).flush(locked(1));
    assertEquals(List.of(), outcomes);
    Batch other = reserved(batch(U));
    writers.get(1).flush(List.of(locked(1).get(0), other));
    assertEquals(List.of(Outcome.Kind.STORED, Outcome.Kind.BUFFER_FULL), outcomes);
  }

  /** It may have few, which would soon be written, while all that wait are with the other one. */
  @Test
  void writerWithLittleOfTheShare_refusesNothing() {
    List<Flusher> writers = writersWithRoomFor(12);
    writers.get(0).flush(locked(12));
    writers.get(1).flush(locked(2));
    assertEquals(List.of(), outcomes);
    writers.get(0).writeDeferred(0);
    assertEquals(List.of(Outcome.Kind.BUFFER_FULL, Outcome.Kind.BUFFER_FULL), outcomes);
  }

  @Test
  void shareOfTheBuffer_isFreeAgain_afterTheAckTimeout() {
    List<Flusher> writers = writersWithRoomFor(2);
    writers.get(0).flush(locked(2));
    clock.advance(ACK_TIMEOUT.toNanos() + 1);
    writers.get(0).writeDeferred(0);
    writers.get(1).flush(locked(2));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE, Outcome.Kind.UNAVAILABLE), outcomes);
  }

  @Test
  void shareOfTheBuffer_isFreeAgain_afterTheWriterHasForgottenItsRequests() {
    List<Flusher> writers = writersWithRoomFor(2);
    writers.get(0).flush(locked(2));
    writers.get(0).forget();
    writers.get(1).flush(locked(2));
    assertEquals(List.of(), outcomes);
  }

  /**
   * The other writer may be busy with what it had deferred for a second, and in an outage longer.
   */
  @Test
  void shareOfTheBuffer_isFreeAgain_whileAnotherWriterWritesWhatItHadDeferred() {
    Batch first = reserved(batch(T));
    Batch second = reserved(batch(T));
    DeferredShare share = new DeferredShare(2 * first.reservedBytes(), 2);
    Flusher one = flusher(database, share);
    FakeDatabase locked = new FakeDatabase(clock);
    locked.lockedUntil.put(T, Long.MAX_VALUE);
    Flusher two = flusher(locked, share);
    Batch refused = failing("23514", Stage.CONSTRAINTS);
    List.of(first, second, refused).forEach(batch -> batch.setSource(7));
    one.flush(List.of(refused));
    one.flush(List.of(first, second)); // to be written separately, as their connection is suspect
    outcomes.clear();
    database.behaviours.put(first, new Behaviour(Stage.COPY, SECOND / 10, null, false));
    clock.at(
        Duration.ofMillis(50),
        () -> {
          assertEquals(List.of(), outcomes, "the other writer is at work");
          two.flush(List.of(reserved(batch(T)), reserved(batch(T))));
        });
    one.writeDeferred(SECOND);
    assertEquals(List.of(Outcome.Kind.STORED, Outcome.Kind.STORED), outcomes);
    assertTrue(two.hasDeferred());
  }

  @Test
  void forget_leavesNothingToRetry() {
    flusher.flush(List.of(failing("40001", Stage.COPY)));
    clock.advance(SECOND);
    database.awayUntil = Long.MAX_VALUE;
    flusher.writeDeferred(SECOND);
    flusher.forget();
    otherWriterCommits();
    assertEquals(2, outageLogged.messages().size(), "it says that writes have resumed");
  }

  /** One request at a time is found by halving, which is no matter of its table. */
  @Test
  void requestThatFailsAtOnce_isFoundWithinTheFlush() {
    List<Batch> part = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      part.add(waiting(batch(T)));
    }
    part.add(failing("23514", Stage.CONSTRAINTS));
    flusher.flush(part);
    assertFalse(flusher.hasDeferred());
    assertEquals(7, outcomes.stream().filter(Outcome.Kind.STORED::equals).count());
    assertEquals(Outcome.Kind.REFUSED, outcomes.get(7));
    assertEquals(List.of(8, 4, 4, 2, 2, 1, 1), database.copies);
  }

  @Test
  void rowsThatTheServerNames_areSplitOff_andFromTheSecondOnTheOthersAreHalved() {
    List<Batch> part = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      part.add(i == 2 || i == 6 ? failing("23514", Stage.COPY) : waiting(batch(T)));
    }
    flusher.flush(part);
    assertEquals(List.of(9, 2, 1, 6, 3, 1, 1, 1), database.copies);
  }

  /** That one may be accepted, and the others fail, while it is tried alone. */
  @Test
  void rowThatMayBeAcceptedLater_isTriedBeforeTheOthers() {
    List<Batch> part = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      part.add(i == 2 ? failing("40001", Stage.COPY) : waiting(batch(T)));
    }
    flusher.flush(part);
    assertEquals(List.of(9, 1, 2, 6), database.copies);
  }

  /** What comes before a pause may have taken long, and is no part of it. */
  @Test
  void pause_isASignOfLife() {
    List<Long> silences = new ArrayList<>();
    database.confirmsNoCommit = true;
    database.status = TransactionStatus.UNDECIDED;
    database.statusNanos = 2 * SECOND;
    clock.at(Duration.ofMillis(2010), () -> silences.add(clock.nanoTime() - flusher.signOfLife()));
    flusher.flush(List.of(waiting(batch(T))));
    assertEquals(List.of(8 * MILLISECOND), silences, "after COPY, COMMIT and the query");
  }

  @Test
  void briefPause_isASignOfLife() {
    Batch killing = waiting(batch(T));
    database.behaviours.put(killing, new Behaviour(Stage.COPY, SECOND / 2, "08006", true));
    List<Long> silences = new ArrayList<>();
    clock.at(Duration.ofMillis(1030), () -> silences.add(clock.nanoTime() - flusher.signOfLife()));
    flusher.flush(List.of(killing, waiting(batch(U))));
    assertTrue(silences.get(0) <= 20 * MILLISECOND, silences::toString);
  }

  /** Each attempt costs a transaction. */
  @Test
  void lenientRequestOfManyBadEvents_doesNotKeepTheOthersOfItsFlush() {
    int[] quarantined = {0};
    Batch lenient = failing("23514", Stage.COPY);
    lenient.setSource(7);
    lenient.handleLeniently(
        new LenientRequest() {
          @Override
          public boolean quarantine(int event, String code, String detail) {
            return ++quarantined[0] <= 10;
          }

          @Override
          public String answer(int duplicates) {
            return "";
          }
        },
        0);
    flusher.flush(List.of(lenient, waiting(batch(U))));
    assertEquals(List.of(Outcome.Kind.STORED), outcomes);
    assertEquals(1, quarantined[0]);
    flusher.writeDeferred(SECOND);
    assertEquals(List.of(Outcome.Kind.STORED, Outcome.Kind.REFUSED), outcomes);
  }

  @Test
  void retry_hasItsTurnAmongSeparateRequests() {
    List<String> order = new ArrayList<>();
    Batch bad = failing("23514", Stage.COPY);
    bad.setSource(7);
    Batch deferred = failing("40001", Stage.COPY);
    deferred.accept(outcome -> order.add("retry"), clock.nanoTime());
    flusher.flush(List.of(bad));
    flusher.flush(List.of(deferred));
    database.behaviours.clear();
    for (int i = 0; i < 3; i++) {
      Batch separate = new Batch(1 << 14);
      for (int row = 0; row < 4000; row++) { // as many as a part may have
        separate.rows().putShort(0);
        separate.endRow(U);
      }
      separate.setSource(7);
      separate.accept(outcome -> order.add("separate"), clock.nanoTime());
      flusher.flush(List.of(separate));
    }
    clock.advance(SECOND);
    flusher.writeDeferred(SECOND);
    assertEquals(List.of("separate", "retry", "separate", "separate"), order);
  }
}
