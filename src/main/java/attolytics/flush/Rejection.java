package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.LenientRequest;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.encoding.CopyBuffer;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushException;
import attolytics.schema.Quarantine;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Rejects requests with what the database says about them, and logs why. Used by one thread. */
final class Rejection {
  private static final Logger log = LoggerFactory.getLogger(Rejection.class);

  private final Settlement settlement;
  private final Suspects suspects;
  private final NanoClock clock;

  Rejection(Settlement settlement, Suspects suspects, NanoClock clock) {
    this.settlement = settlement;
    this.suspects = suspects;
    this.clock = clock;
  }

  /**
   * Rejects the request, or, if it is handled leniently, the one event.
   *
   * @return whether the request is to be written again, without that event
   */
  boolean reject(Batch batch, FlushException e) {
    suspects.addSource(batch, clock.nanoTime());
    Outcome outcome = outcome(e);
    try {
      if (quarantine(batch, e, outcome)) {
        return true;
      }
    } catch (CopyBuffer.LimitExceededException full) {
      settlement.settle(
          batch, full.isTemporary() ? Outcome.unavailable("the buffer was full") : outcome);
      return false;
    }
    if (outcome.kind() == Outcome.Kind.TABLE_BROKEN) {
      // Without the server's message: a trigger's may quote the row.
      log.warn(
          "Cannot write a row of {}: SQLSTATE {}, see the log of PostgreSQL",
          e.place(),
          e.sql().getSQLState());
    }
    settlement.settle(batch, outcome);
    return false;
  }

  /**
   * Rejects all requests for the table, or with a key.
   *
   * @return the others
   */
  List<Batch> rejectTable(List<Batch> part, FlushException e) {
    String detail = e.tableName() + " accepts no rows";
    log.warn("{}: {}", detail, CopyError.forTheLog(e));
    if (e.table() != null) {
      suspects.addTable(e.table(), clock.nanoTime());
    }
    List<Batch> others = Split.without(part, e::concerns);
    Outcome outcome = new Outcome(Outcome.Kind.TABLE_BROKEN, detail, Outcome.NO_EVENT);
    part.stream().filter(e::concerns).toList().forEach(b -> settlement.settle(b, outcome));
    return others;
  }

  private static Outcome outcome(FlushException e) {
    if (e.isOfTable()) {
      return new Outcome(
          Outcome.Kind.TABLE_BROKEN, null, CopyError.withoutWords(e.sql(), e.table()), e.event());
    }
    return new Outcome(
        e.isConflict() ? Outcome.Kind.CONFLICT : Outcome.Kind.REFUSED,
        CopyError.forTheClient(e.sql(), e.table()),
        CopyError.withoutWords(e.sql(), e.table()),
        e.event());
  }

  /** Whether the request is handled leniently, and goes on without the event that was refused. */
  private static boolean quarantine(Batch batch, FlushException e, Outcome outcome) {
    LenientRequest lenient = batch.lenient();
    boolean isOfEvent =
        outcome.kind() != Outcome.Kind.TABLE_BROKEN && e.event() != Outcome.NO_EVENT;
    boolean isOfQuarantine = e.table() != null && e.table().name().equals(Quarantine.NAME);
    return lenient != null
        && isOfEvent
        && !isOfQuarantine
        && lenient.quarantine(
            e.event(),
            outcome.kind() == Outcome.Kind.CONFLICT ? "conflict" : "refused_by_database",
            String.valueOf(outcome.detail()));
  }
}
