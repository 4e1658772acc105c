package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.U;
import static attolytics.flush.Batches.batch;
import static attolytics.flush.Batches.keyed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.FakeDatabase.Behaviour;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.FlushTransaction;
import attolytics.flush.transaction.TimeLimits;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DeferralTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final TimeLimits LIMITS = new TimeLimits(750, SECOND, 10 * SECOND);

  private final FakeClock clock = new FakeClock();
  private final FakeDatabase database = new FakeDatabase(clock);
  private final Deferred deferred = new Deferred();
  private final Suspects suspects = new Suspects();
  private final Deferral deferral =
      new Deferral(new FlushTransaction(database), deferred, suspects, clock);
  private final Round flush = new Round(Round.Kind.FLUSH, 0);
  @RegisterExtension private final Logged logged = new Logged(Deferral.class);

  private static FlushException failure(Stage stage, @Nullable Table table, String sqlState) {
    return new FlushException(
        stage, table, null, Outcome.NO_EVENT, new SQLException("m", sqlState));
  }

  /** The failure of a row, after which the session goes on. */
  private FlushException onALivingSession(Stage stage, String sqlState) {
    Batch failing = batch(T);
    database.behaviours.put(failing, new Behaviour(stage, 0, sqlState, false));
    return assertThrows(
        FlushException.class,
        () -> new FlushTransaction(database).run(List.of(failing), LIMITS, false));
  }

  private List<Batch> retried() {
    return deferred.takeForRetry(Objects.requireNonNull(deferred.due(clock.nanoTime() + SECOND)));
  }

  @Test
  void ready_returnsAll_ifNothingIsKnown() {
    List<Batch> part = List.of(batch(T), keyed("k", U), batch(U));
    assertSame(part, deferral.ready(flush, part));
  }

  @Test
  void ready_takesOutSuspects_ofAFlush() {
    suspects.addTable(U, 0);
    Batch suspect = batch(U);
    Batch other = batch(T);
    assertEquals(List.of(other), deferral.ready(flush, List.of(suspect, other)));
    assertEquals(List.of(suspect), deferred.takeSeparate());
    Round separate = new Round(Round.Kind.SEPARATE, 0);
    assertEquals(List.of(suspect), deferral.ready(separate, List.of(suspect)));
  }

  @Test
  void ready_takesOutWhatNeedsALock() {
    deferred.holdTable(U, List.of(batch(U)), clock.nanoTime());
    Batch other = batch(T);
    assertEquals(List.of(other), deferral.ready(flush, List.of(batch(U), other)));
    assertEquals(2, deferred.waiting());
  }

  @Test
  void ready_leavesRepeatedKeysForLater() {
    Batch first = keyed("k", T);
    Batch second = keyed("k", T);
    Batch other = keyed("l", T);
    Batch without = batch(T);
    assertEquals(
        List.of(first, other, without),
        deferral.ready(flush, List.of(first, second, other, without)));
    assertEquals(List.of(second), flush.pop().batches());
  }

  @Test
  void defer_hasRequestsOfOneTableRetriedTogether() {
    FlushException e = onALivingSession(Stage.COPY, "40001");
    Batch first = batch(T);
    first.setSource(7);
    Batch second = batch(T);
    deferral.defer(first, e);
    deferral.defer(second, e);
    assertEquals(List.of(first), retried());
    deferral.defer(first, e);
    deferred.endRetry(List.of(), false, clock.nanoTime());
    assertEquals(List.of(second, first), retried(), "two, as it was not over");
    assertTrue(suspects.concern(first), "its connection is suspect");
    assertEquals(
        "Cannot write a request for table t now, retrying it separately:"
            + " of the test (SQLSTATE 40001)",
        logged.messages().get(0));
  }

  @Test
  void defer_atTheConstraints_isByTheTableOfTheRequest() {
    FlushException e = onALivingSession(Stage.CONSTRAINTS, "40001").withoutLostCommit();
    deferral.defer(batch(T), e);
    deferral.defer(batch(U), e);
    assertEquals(1, retried().size());
    deferred.endRetry(List.of(), true, clock.nanoTime());
    assertTrue(deferred.hasWaits(), "the other table's");
  }

  /** Each attempt takes its time, or breaks a connection. */
  @Test
  void defer_ofWhatIsSlow_orBreaksConnections_isAlone() {
    for (FlushException e :
        List.of(onALivingSession(Stage.COPY, "57014"), failure(Stage.COPY, T, "08006"))) {
      Batch first = batch(T);
      deferral.defer(first, e);
      deferral.defer(batch(T), e);
      assertEquals(List.of(first), retried());
      deferral.defer(first, e);
      deferred.endRetry(List.of(), false, clock.nanoTime());
      assertEquals(1, retried().size());
      deferred.clear();
    }
  }

  @Test
  void deferAndSuspectTable_hasNewRequestsWrittenSeparately() {
    deferral.deferAndSuspectTable(batch(T), onALivingSession(Stage.COPY, "40001"));
    assertTrue(suspects.concern(batch(T)));
    assertTrue(deferred.hasWaits());
    deferral.deferAndSuspectTable(batch(T), onALivingSession(Stage.COPY, "40001"));
    String reason = "Consecutive requests for table t failed, writing its requests separately";
    assertEquals(1, logged.messages().stream().filter(reason::equals).count());
  }

  @Test
  void deferAndSuspectTable_saysThatItsStatementsAreSlow_ifThatIsTheReason() {
    deferral.deferAndSuspectTable(batch(T), onALivingSession(Stage.COPY, "57014"));
    String reason = "Statements for table t are slow, writing its requests separately";
    assertTrue(logged.messages().contains(reason), logged.messages()::toString);
  }

  @Test
  void deferAndSuspectTable_doesNotCallALockSlow() {
    deferral.deferAndSuspectTable(batch(T), onALivingSession(Stage.COPY, "55P03"));
    String reason = "Consecutive requests for table t failed, writing its requests separately";
    assertTrue(logged.messages().contains(reason), logged.messages()::toString);
  }

  @Test
  void partsOfAFlush_thatWasSplit_areNotPutTogetherAgain() {
    Round split = new Round(Round.Kind.FLUSH, 0);
    split.countSplit();
    Batch first = batch(T);
    Batch second = batch(T);
    deferral.suspectSlow(split, List.of(first), onALivingSession(Stage.COPY, "57014"));
    assertEquals(List.of(), deferral.ready(split, List.of(second)));
    assertEquals(List.of(first), deferred.takeSeparate());
    assertEquals(List.of(second), deferred.takeSeparate());
  }

  @Test
  void suspectSlow_takesOutThoseForTheTable() {
    Round flush = new Round(Round.Kind.FLUSH, 0);
    Batch slow = batch(U, T);
    Batch other = batch(U);
    assertEquals(
        List.of(other),
        deferral.suspectSlow(flush, List.of(slow, other), onALivingSession(Stage.COPY, "57014")));
    assertEquals(List.of(slow), deferred.takeSeparate());
    assertTrue(suspects.concern(batch(T)));
    assertEquals(
        List.of("Statements for table t are slow, writing its requests separately"),
        logged.messages());
  }

  @Test
  void hold_hasThoseForTheTableWait_andSaysSoOnce() {
    FlushException e = failure(Stage.COPY_START, T, "55P03");
    Batch other = batch(U);
    assertEquals(List.of(other), deferral.hold(List.of(batch(T), other, batch(T)), e));
    assertEquals(2, deferred.waiting());
    assertTrue(deferred.holdIfNeeded(batch(T)));
    deferral.hold(List.of(batch(T)), e);
    assertEquals(
        List.of(
            "Deferring requests for table t, which is locked (by whom: see Locks in the runbook):"
                + " m (SQLSTATE 55P03)"),
        logged.messages());
  }

  @Test
  void hold_afterAStatementTimeout_doesNotCallItALock() {
    deferral.hold(List.of(batch(T)), failure(Stage.COPY_START, T, "57014"));
    assertEquals(
        List.of(
            "Deferring requests for table t, which did not respond before the statement timeout:"
                + " m (SQLSTATE 57014)"),
        logged.messages());
    List<String> reasons = new ArrayList<>();
    deferred.removeIf(batch -> true, (batch, reason) -> reasons.add(reason));
    assertEquals(List.of("table t did not respond before the statement timeout"), reasons);
  }

  @Test
  void hold_whereTheTableAcceptsNothing_saysSo() {
    deferral.hold(List.of(batch(T)), failure(Stage.COPY_START, T, "53100"));
    assertEquals(
        List.of(
            "Deferring requests for table t, which accepts no rows at the moment:"
                + " m (SQLSTATE 53100)"),
        logged.messages());
  }

  @Test
  void hold_ofALoneRequest_whoseKeyIsLocked_isForThatKey() {
    FlushException e = failure(Stage.KEYS, null, "55P03");
    Batch other = batch(T);
    assertEquals(List.of(other), deferral.hold(List.of(keyed("k", T), other), e));
    assertTrue(deferred.holdIfNeeded(keyed("k", T)));
    assertFalse(deferred.holdIfNeeded(keyed("l", T)));
    String said = "Deferring requests with locked Idempotency-Keys, 1 of them";
    assertEquals(List.of(said), logged.messages());
    deferral.hold(List.of(keyed("l", T)), e);
    assertEquals(List.of(said), logged.messages());
  }

  @Test
  void hold_ofSeveralWithKeys_isForTheTableOfKeys() {
    Batch other = batch(T);
    assertEquals(
        List.of(other),
        deferral.hold(
            List.of(keyed("k", T), keyed("l", T), other), failure(Stage.KEYS, null, "55P03")));
    assertTrue(deferred.holdIfNeeded(keyed("m", T)));
    assertFalse(deferred.holdIfNeeded(batch(T)));
  }

  @Test
  void hold_ofOneWithAKey_whereTheTableOfKeysIsBroken_isForThatTable() {
    deferral.hold(List.of(keyed("k", T)), failure(Stage.KEYS, null, "53100"));
    assertTrue(deferred.holdIfNeeded(keyed("m", T)));
  }

  @Test
  void holdLockedKeys_hasThoseWait_andReturnsTheOthers() {
    Batch locked = keyed("k", T);
    Batch free = keyed("l", T);
    Batch without = batch(T);
    database.keyLockedUntil.put(locked.key(), Long.MAX_VALUE);
    FlushException e = failure(Stage.KEYS, null, "55P03");
    assertEquals(
        List.of(free, without), deferral.holdLockedKeys(List.of(locked, free, without), e, LIMITS));
    assertTrue(deferred.holdIfNeeded(keyed("k", T)));
    assertFalse(deferred.holdIfNeeded(keyed("l", T)));
    assertFalse(deferred.hasSeparate());
  }

  @Test
  void holdLockedKeys_whereNoneIsLockedAnyMore_returnsAll() {
    Batch free = keyed("l", T);
    FlushException e = failure(Stage.KEYS, null, "55P03");
    assertEquals(List.of(free), deferral.holdLockedKeys(List.of(free), e, LIMITS));
    assertTrue(deferred.isEmpty());
  }

  @Test
  void holdLockedKeys_thatFails_hasAllWithKeysWait() {
    database.awayUntil = Long.MAX_VALUE;
    Batch without = batch(T);
    FlushException e = failure(Stage.KEYS, null, "55P03");
    assertEquals(
        List.of(without),
        deferral.holdLockedKeys(List.of(keyed("k", T), keyed("l", T), without), e, LIMITS));
    assertTrue(deferred.holdIfNeeded(keyed("m", T)));
  }

  @Test
  void holdLockedKeys_takesItsTime_whereOtherStatementsHaveLess() {
    database.keysSearched = 1;
    FlushException e = failure(Stage.KEYS, null, "55P03");
    TimeLimits ofSeparate = new TimeLimits(10, TimeUnit.MILLISECONDS.toNanos(125), SECOND);
    Batch free = keyed("k", T);
    assertEquals(
        List.of(free), deferral.holdLockedKeys(List.of(free, keyed("l", T)), e, ofSeparate));
    assertFalse(deferred.hasWaits());
  }

  @Test
  void holdLockedKeys_hasThoseWrittenSeparately_thatItDidNotGetTo() {
    Batch locked = keyed("k", T);
    Batch free = keyed("l", T);
    Batch unchecked = keyed("m", T);
    database.keysSearched = 2;
    database.keyLockedUntil.put(locked.key(), Long.MAX_VALUE);
    FlushException e = failure(Stage.KEYS, null, "55P03");
    assertEquals(
        List.of(free), deferral.holdLockedKeys(List.of(locked, free, unchecked), e, LIMITS));
    assertEquals(List.of(unchecked), deferred.takeSeparate());
    assertNull(deferred.takeSeparate());
    assertNotNull(deferred.due(clock.nanoTime() + SECOND));
  }
}
