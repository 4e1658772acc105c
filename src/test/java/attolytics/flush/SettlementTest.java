package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
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
    assertSame(part, settlement.withoutExpired(part));
    clock.advance(1);
    assertEquals(List.of(newer), settlement.withoutExpired(part));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE), outcomes);
    clock.advance(1);
    assertEquals(List.of(), settlement.withoutExpired(List.of(newer), Outcome.UNKNOWN));
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE, Outcome.Kind.UNKNOWN), outcomes);
  }

  @Test
  void deferredRequests_expireAfterTheAckTimeout() {
    Deferred deferred = new Deferred();
    deferred.holdTable(T, List.of(accepted()), 0);
    deferred.suspect(List.of(accepted()));
    clock.advance(100);
    settlement.expire(deferred);
    assertEquals(2, deferred.rows());
    clock.advance(1);
    settlement.expire(deferred);
    assertEquals(List.of(Outcome.Kind.UNAVAILABLE, Outcome.Kind.UNAVAILABLE), outcomes);
    assertTrue(deferred.isEmpty());
  }

  @Test
  void abandon_endsTheTimeOfAll() {
    Deferred deferred = new Deferred();
    deferred.holdTable(T, List.of(accepted()), 0);
    assertFalse(settlement.isAbandoned());
    settlement.abandon();
    assertTrue(settlement.isAbandoned());
    assertEquals(List.of(), settlement.withoutExpired(List.of(accepted())));
    settlement.expire(deferred);
    assertEquals(List.of(Outcome.Kind.STOPPED, Outcome.Kind.STOPPED), outcomes);
  }
}
