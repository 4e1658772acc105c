package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.U;
import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.FailurePolicy.Failed;
import attolytics.flush.FakeDatabase.Behaviour;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.FlushTransaction;
import attolytics.flush.transaction.TimeLimits;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FailureHistoryTest {
  private static final Column ID = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);
  private static final TimeLimits LIMITS = new TimeLimits(750, 1_000, 1_000);

  private final FakeClock clock = new FakeClock();
  private final Suspects suspects = new Suspects();
  private final FailureHistory history = new FailureHistory(suspects);
  private final Round flush = new Round(Round.Kind.FLUSH, 0);
  private final Round retry = new Round(Round.Kind.RETRY, 1);
  private final List<Batch> lone = List.of(batch(T));
  private final List<Batch> two = List.of(batch(T), batch(U));

  private FlushException failure(Stage stage, String sqlState, boolean kills) {
    FakeDatabase database = new FakeDatabase(clock);
    Batch failing = batch(T);
    database.behaviours.put(failing, new Behaviour(stage, 0, sqlState, kills));
    return assertThrows(
        FlushException.class,
        () -> new FlushTransaction(database).run(List.of(failing), LIMITS, false));
  }

  @Test
  void failure_isDescribed() {
    Failed failed = history.add(flush, two, failure(Stage.COPY, "40001", false), false, 0);
    assertSame(Stage.COPY, failed.stage());
    assertSame(Kind.TRANSIENT, failed.kind());
    assertSame(Session.WRITABLE, failed.session());
    assertFalse(failed.isUnconfirmed());
    assertFalse(failed.isTimeout());
    assertFalse(failed.isLone());
    assertFalse(failed.hidesItsCause());
    assertEquals(0, failed.failedAlone());
    assertEquals(0, failed.lostConnections());
    assertEquals(0, failed.slowOfFlush());
  }

  @Test
  void lostConnections_areCounted_inTheMiddleOfATransaction_untilACommit() {
    assertEquals(
        1, history.add(flush, two, failure(Stage.COPY, "08006", true), false, 0).lostConnections());
    assertEquals(
        2, history.add(flush, two, failure(Stage.COPY, "08006", true), false, 0).lostConnections());
    FlushException refused = new FlushException(Stage.BEGIN, new SQLException("m", "08001"));
    assertEquals(2, history.add(flush, two, refused, false, 0).lostConnections());
    history.committed(flush);
    assertEquals(0, history.add(flush, two, refused, false, 0).lostConnections());
  }

  /** Between two attempts of separate requests, or of a retry, a busy writer commits flushes. */
  @Test
  void lostConnections_areThoseOfFlushes_ofSuspects_orOfRetries() {
    history.add(retry, lone, failure(Stage.COPY, "08006", true), false, 0);
    history.committed(flush);
    assertEquals(
        2,
        history.add(retry, lone, failure(Stage.COPY, "08006", true), false, 0).lostConnections());
    assertEquals(
        1, history.add(flush, two, failure(Stage.COPY, "08006", true), false, 0).lostConnections());
  }

  @Test
  void lostConnectionsOfRetries_areForgotten_whenNothingIsDeferred() {
    history.add(retry, lone, failure(Stage.COPY, "08006", true), false, 0);
    history.add(flush, two, failure(Stage.COPY, "08006", true), false, 0);
    history.nothingDeferred();
    assertEquals(
        1,
        history.add(retry, lone, failure(Stage.COPY, "08006", true), false, 0).lostConnections());
    assertEquals(
        2, history.add(flush, two, failure(Stage.COPY, "08006", true), false, 0).lostConnections());
  }

  @Test
  void commitThatWasNotConfirmed_isNotCounted() {
    FlushException lost = failure(Stage.COMMIT, "57014", true);
    Failed failed = history.add(flush, lone, lost, false, 0);
    assertTrue(failed.isUnconfirmed());
    assertTrue(failed.isLone());
    assertEquals(0, failed.lostConnections());
    assertEquals(0, failed.slowOfFlush());
    assertEquals(0, failed.failedAlone());
    assertEquals(0, suspects.failedAlone(List.of(T)));
    assertEquals(1, history.add(flush, lone, lost.withoutLostCommit(), false, 0).lostConnections());
  }

  @Test
  void timeouts_areCounted_andSlowOnesOfAFlush() {
    FlushException slow = failure(Stage.COPY, "57014", false);
    assertTrue(history.add(flush, two, slow, false, 0).isTimeout());
    assertEquals(2, history.add(flush, two, slow, false, 0).slowOfFlush());
    assertEquals(0, history.add(retry, two, slow, false, 0).slowOfFlush());
    assertEquals(1, retry.timeouts());
  }

  /** Where the server names the row, nothing has to be found out. */
  @Test
  void slowFailures_areThoseOfUnknownRows() {
    FlushException located = failure(Stage.COPY, "23505", false);
    FlushException unknown = failure(Stage.CONSTRAINTS, "23505", false);
    long nanos = TimeUnit.MILLISECONDS.toNanos(500);
    assertFalse(history.add(flush, two, located, false, nanos).isSlow());
    assertFalse(history.add(flush, two, unknown, false, nanos - 1).isSlow());
    assertEquals(0, flush.slow());
    assertTrue(history.add(flush, two, unknown, false, nanos).isSlow());
    assertEquals(1, flush.slow());
    assertEquals(0, flush.timeouts());
  }

  /** Else the first slow row after an outage would have its table written separately. */
  @Test
  void outages_areNoSlowStatements() {
    long nanos = TimeUnit.SECONDS.toNanos(2);
    FlushException refused = new FlushException(Stage.BEGIN, new SQLException("m", "08001"));
    FlushException lost = failure(Stage.COMMIT, "08006", true).withoutLostCommit();
    assertFalse(history.add(flush, two, refused, false, nanos).isSlow());
    assertFalse(history.add(flush, two, lost, false, nanos).isSlow());
    assertEquals(0, flush.slow());
  }

  @Test
  void requestsThatFailAlone_areCounted_butNotTheirRetries() {
    FlushException transientFailure = failure(Stage.COPY, "40001", false);
    assertEquals(1, history.add(flush, lone, transientFailure, false, 0).failedAlone());
    assertEquals(2, history.add(flush, lone, transientFailure, false, 0).failedAlone());
    assertEquals(0, history.add(flush, two, transientFailure, false, 0).failedAlone());
    assertEquals(2, history.add(retry, lone, transientFailure, false, 0).failedAlone());
    Round separate = new Round(Round.Kind.SEPARATE, 0);
    assertEquals(3, history.add(separate, lone, transientFailure, false, 0).failedAlone());
  }

  @Test
  void rowsThatAreInvalid_orSlow_sayNothingOfTheirTable() {
    assertEquals(
        0, history.add(flush, lone, failure(Stage.COPY, "23505", false), false, 0).failedAlone());
    assertEquals(
        0, history.add(flush, lone, failure(Stage.COPY, "57014", false), false, 0).failedAlone());
  }

  @Test
  void hiddenCause_isKnownAfterAnInsert() {
    Table distributed = new Table("d", 0, List.of(ID), null, ID);
    FlushException hidden =
        new FlushException(
            Stage.COPY, distributed, null, Outcome.NO_EVENT, new SQLException("m", "XX000"));
    assertTrue(history.add(flush, lone, hidden, false, 0).hidesItsCause());
    assertFalse(history.add(flush, lone, hidden, true, 0).hidesItsCause());
  }
}
