package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SettlementTest {
  private final FakeClock clock = new FakeClock();
  private final CommitRecovery recovery = new CommitRecovery(new FakeDatabase(clock));
  private final Settlement settlement = new Settlement(recovery, Duration.ofNanos(100), clock);
  private final List<Outcome.Kind> outcomes = new ArrayList<>();

  private Batch accepted() {
    Batch batch = batch(T);
    batch.accept(outcome -> outcomes.add(outcome.kind()), clock.nanoTime());
    return batch;
  }

  @Test
  void settle_countsWhatTheDatabaseDecided() {
    settlement.settle(accepted(), Outcome.STORED);
    settlement.settle(accepted(), Outcome.UNAVAILABLE);
    settlement.settle(accepted(), Outcome.REPLAYED);
    assertEquals(2, settlement.byDatabase());
    assertEquals(1, settlement.byKey());
    assertEquals(
        List.of(Outcome.Kind.STORED, Outcome.Kind.UNAVAILABLE, Outcome.Kind.REPLAYED), outcomes);
  }

  @Test
  void settle_ofWhatMayBeCommitted_isUnknown() {
    Batch batch = accepted();
    recovery.doubt(List.of(batch));
    settlement.settle(batch, Outcome.UNAVAILABLE);
    assertEquals(List.of(Outcome.Kind.UNKNOWN), outcomes);
    assertEquals(0, settlement.byDatabase());
  }

  @Test
  void settle_thatFails_isNoConcernOfOthers() {
    Batch batch = batch(T);
    batch.accept(
        outcome -> {
          throw new IllegalStateException("of the test");
        },
        0);
    settlement.settle(batch, Outcome.STORED);
    assertEquals(1, settlement.byDatabase());
  }

  @Test
  void requests_expireAfterTheAckTimeout() {
    Batch old = accepted();
    clock.advance(1);
    Batch newer = accepted();
    List<Batch> part = List.of(old, newer);
    clock.advance(99);
    assertSame(part, settlement.withoutExpired(part, "busy"));
    clock.advance(1);
    assertEquals(List.of(newer), settlement.withoutExpired(part, "busy"));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE), outcomes);
    clock.advance(1);
    assertEquals(List.of(), settlement.withoutExpired(List.of(newer), Outcome.UNKNOWN));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE, Outcome.Kind.UNKNOWN), outcomes);
  }

  /** Requests are given up while another thread looks at them. */
  @Test
  void requestsThatAreGivenUpMeanwhile_areStopped() {
    Settlement[] looking = new Settlement[1];
    NanoClock slow =
        () -> {
          looking[0].abandon();
          return clock.nanoTime();
        };
    looking[0] = new Settlement(recovery, Duration.ofNanos(100), slow);
    assertEquals(List.of(), looking[0].withoutExpired(List.of(accepted()), "busy"));
    assertEquals(List.of(Outcome.Kind.STOPPED), outcomes);
  }

  @Test
  void deferredRequests_expireAfterTheAckTimeout() {
    Deferred deferred = new Deferred();
    deferred.holdTable(T, List.of(accepted()), 0);
    deferred.addSeparate(List.of(accepted()));
    clock.advance(100);
    settlement.expire(deferred);
    assertEquals(2, deferred.rows());
    clock.advance(1);
    settlement.expire(deferred);
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE, Outcome.Kind.UNAVAILABLE), outcomes);
    assertTrue(deferred.isEmpty());
  }

  @Test
  void expiry_hasItsReason_forTheOperators() {
    List<Outcome> told = new ArrayList<>();
    Deferred deferred = new Deferred();
    List<Batch> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Batch batch = i == 3 ? Batches.keyed("k", T) : batch(T);
      batch.accept(told::add, clock.nanoTime());
      all.add(batch);
    }
    deferred.addSeparate(List.of(all.get(0)));
    deferred.holdTable(T, List.of(all.get(1)), 0);
    deferred.holdForAnotherAttempt(all.get(2), T, 0);
    deferred.holdKeys(List.of(all.get(3)), 0);
    clock.advance(101);
    settlement.expire(deferred);
    assertEquals(
        List.of(
            "it waited for its turn: earlier requests for its table, or of its connection, failed or"
                + " were slow, or what it needed was locked",
            "table t is locked, or accepts no rows at the moment",
            "each attempt to write it failed",
            "another transaction has its Idempotency-Key"),
        told.stream().map(Outcome::reason).toList());
    assertTrue(told.stream().allMatch(outcome -> outcome.detail() == null));
  }

  @Test
  void abandon_endsTheTimeOfAll() {
    Deferred deferred = new Deferred();
    deferred.holdTable(T, List.of(accepted()), 0);
    assertFalse(settlement.isAbandoned());
    settlement.abandon();
    assertTrue(settlement.isAbandoned());
    assertEquals(List.of(), settlement.withoutExpired(List.of(accepted()), "busy"));
    settlement.expire(deferred);
    assertEquals(List.of(Outcome.Kind.STOPPED, Outcome.Kind.STOPPED), outcomes);
  }
}
