package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.batch;
import static attolytics.flush.Batches.keyed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CommitRecoveryTest {
  @RegisterExtension private final Logged logged = new Logged(CommitRecovery.class);

  private final FakeDatabase database = new FakeDatabase(new FakeClock());
  private final CommitRecovery recovery = new CommitRecovery(database);

  private static Outcome outcome(Outcome.Kind kind) {
    return new Outcome(kind, null, Outcome.NO_EVENT);
  }

  @ParameterizedTest
  @EnumSource
  void status_isThatOfTheServer(TransactionStatus status) {
    database.status = status;
    assertEquals(status, recovery.status(new TransactionId("7", "00000001", 0), 1));
    assertEquals(status == TransactionStatus.UNKNOWN ? 1 : 0, logged.messages().size());
  }

  @Test
  void status_ofATransactionWithoutAnId_isUnknown() {
    assertEquals(TransactionStatus.UNKNOWN, recovery.status(new TransactionId("", "", 0), 1));
  }

  @Test
  void doubt_returnsThoseWithAKey() {
    Batch keyed = keyed("k", T);
    assertEquals(List.of(keyed), recovery.doubt(List.of(batch(T), keyed)));
  }

  @ParameterizedTest
  @EnumSource(names = {"STORED", "REPLAYED", "KEY_REUSED", "KEY_UNKNOWN", "REFUSED", "CONFLICT"})
  void outcome_ofARequestWhoseKeyWasLookedUp_holds(Outcome.Kind kind) {
    Batch batch = keyed("k", T);
    recovery.doubt(List.of(batch));
    Outcome outcome = outcome(kind);
    assertSame(outcome, recovery.endDoubt(batch, outcome));
  }

  @ParameterizedTest
  @EnumSource(names = {"TABLE_BROKEN", "UNAVAILABLE", "BUFFER_FULL", "STOPPED", "UNKNOWN"})
  void outcome_ofARequestThatMayBeCommitted_isUnknown(Outcome.Kind kind) {
    Batch batch = keyed("k", T);
    recovery.doubt(List.of(batch));
    assertSame(Outcome.UNKNOWN, recovery.endDoubt(batch, outcome(kind)));
    Outcome ofTheNext = outcome(kind);
    assertSame(ofTheNext, recovery.endDoubt(batch, ofTheNext), "its doubt has ended");
  }

  @Test
  void outcome_withoutDoubt_holds() {
    recovery.doubt(List.of(batch(T)));
    assertSame(Outcome.UNAVAILABLE, recovery.endDoubt(batch(T), Outcome.UNAVAILABLE));
  }

  @Test
  void clear_endsAllDoubt() {
    Batch batch = batch(T);
    recovery.doubt(List.of(batch));
    recovery.clear();
    assertSame(Outcome.UNAVAILABLE, recovery.endDoubt(batch, Outcome.UNAVAILABLE));
  }
}
