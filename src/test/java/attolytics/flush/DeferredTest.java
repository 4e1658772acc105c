package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.schema.Table;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DeferredTest {
  private static final Table T = new Table("t", 0, List.of());
  private final Deferred deferred = new Deferred();

  private static Batch batch() {
    Batch batch = new Batch(100);
    batch.endRow(T);
    return batch;
  }

  private Deferred.Wait due() {
    return Objects.requireNonNull(deferred.due(1_000_000_000));
  }

  @Test
  void wait_whoseRequestWasSettled_isOver() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdTable(T, List.of(first, second), 0);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(), true, 0);
    assertEquals(List.of(second), deferred.takeSuspects());
    assertTrue(deferred.isEmpty());
  }

  @Test
  void wait_whoseRequestWasNotTried_goesOnWithIt() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdTable(T, List.of(first, second), 0);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(List.of(first)), false, 0);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
  }

  @Test
  void wait_whoseRequestExpired_goesOn() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdTable(T, List.of(first, second), 0);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(), false, 0);
    assertFalse(deferred.hasSuspects());
    assertTrue(deferred.holdIfNeeded(batch()));
  }

  /** Else it would be the first at each retry, and the others would never be tried. */
  @Test
  void wait_whoseRequestWasNotTried_isDueBehindTheOthers() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdAlone(first, 0);
    deferred.holdAlone(second, 1);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(List.of(first)), false, 500_000_000);
    assertEquals(List.of(second), deferred.takeForRetry(due()));
  }
}
