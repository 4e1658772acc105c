package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.U;
import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SuspectsTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Suspects suspects = new Suspects();

  private static Batch from(int source) {
    Batch batch = batch(T);
    batch.setSource(source);
    return batch;
  }

  @Test
  void connection_whoseRowFailed_isSuspect() {
    assertTrue(suspects.isEmpty());
    suspects.addSource(from(7), 0);
    assertFalse(suspects.isEmpty());
    assertTrue(suspects.concern(from(7)));
    assertFalse(suspects.concern(from(8)));
  }

  @Test
  void requestsWithoutAConnection_areNotSuspectTogether() {
    suspects.addSource(from(0), 0);
    assertTrue(suspects.isEmpty());
  }

  @Test
  void table_isSuspect_forRequestsWithRowsForIt() {
    assertTrue(suspects.addTable(U, 0));
    assertFalse(suspects.addTable(U, 1), "it is already");
    assertTrue(suspects.concern(batch(T, U)));
    assertFalse(suspects.concern(batch(T)));
  }

  @Test
  void suspects_areForgottenAfterTenSeconds() {
    long seen = 100 * SECOND;
    suspects.addTable(T, seen);
    suspects.sweep(seen + 10 * SECOND);
    assertTrue(suspects.concern(batch(T)));
    suspects.sweep(seen + 10 * SECOND + 1);
    assertTrue(suspects.concern(batch(T)), "they are looked through once a second");
    suspects.sweep(seen + 11 * SECOND);
    assertFalse(suspects.concern(batch(T)));
  }

  @Test
  void suspects_areBounded() {
    for (int source = 1; source <= 10_000; source++) {
      suspects.addSource(from(source), source);
    }
    assertTrue(suspects.concern(from(10_000)));
    assertFalse(suspects.addTable(U, 0));
    assertFalse(suspects.concern(batch(U)));
    suspects.sweep(60 * SECOND);
    assertTrue(suspects.addTable(U, 60 * SECOND));
  }

  @Test
  void failuresInSuccession_areThoseOfTheTableThatHasMost() {
    assertEquals(0, suspects.failedAlone(List.of(T, U)));
    assertEquals(1, suspects.countFailedAlone(List.of(T)));
    assertEquals(2, suspects.countFailedAlone(List.of(T, U)));
    assertEquals(1, suspects.failedAlone(List.of(U)));
    assertEquals(2, suspects.failedAlone(List.of(U, T)));
  }

  @Test
  void acceptedRow_endsTheSuspicionOfATableWhoseRequestsFailed() {
    suspects.addTable(T, 0);
    for (int i = 0; i < FailurePolicy.MAX_FAILED_ALONE; i++) {
      suspects.countFailedAlone(List.of(T));
    }
    suspects.countFailedAlone(List.of(U));
    suspects.acceptedRow(T);
    assertFalse(suspects.concern(batch(T)));
    assertEquals(0, suspects.failedAlone(List.of(T)));
    assertEquals(1, suspects.failedAlone(List.of(U)));
  }

  @Test
  void acceptedRow_doesNotEndTheSuspicionOfASlowTable() {
    suspects.addTable(T, 0);
    suspects.countFailedAlone(List.of(T, U)); // for another cause, and too few
    suspects.acceptedRow(T);
    assertTrue(suspects.concern(batch(T)));
  }
}
