package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.NanoClock;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushTransaction;
import attolytics.flush.transaction.TimeLimits;
import attolytics.schema.Table;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes requests out of a round, so that the others can go on, and logs why. Used by one thread.
 */
final class Deferral {
  private static final Logger log = LoggerFactory.getLogger(Deferral.class);

  /** How long it may take to find out which keys are locked, and the wait for each of these. */
  private static final long KEY_SEARCH_MILLIS = 250;

  private static final int KEY_SEARCH_LOCK_MILLIS = 1;

  /** The search ends by itself; the usual limit, which may be shorter, must not end it. */
  private static final long KEY_SEARCH_STATEMENT =
      TimeUnit.MILLISECONDS.toNanos(2 * KEY_SEARCH_MILLIS);

  private static final String SLOW = "Statements for table {} are slow";

  private final FlushTransaction transaction;
  private final Deferred deferred;
  private final Suspects suspects;
  private final NanoClock clock;

  Deferral(FlushTransaction transaction, Deferred deferred, Suspects suspects, NanoClock clock) {
    this.transaction = transaction;
    this.deferred = deferred;
    this.suspects = suspects;
    this.clock = clock;
  }

  /**
   * Takes out the requests that are not to be written now: those whose connection or table is
   * suspect, those that need what is known to be locked, and repeated keys.
   *
   * @return the others
   */
  List<Batch> ready(Round round, List<Batch> part) {
    List<Batch> trusted = round.kind() == Round.Kind.FLUSH ? withoutSuspects(round, part) : part;
    List<Batch> free =
        deferred.hasWaits() ? Split.without(trusted, deferred::holdIfNeeded) : trusted;
    return withDistinctKeys(round, free);
  }

  private List<Batch> withoutSuspects(Round round, List<Batch> part) {
    if (suspects.isEmpty()) {
      return part;
    }
    writeSeparately(round, part.stream().filter(suspects::concern).toList());
    return Split.without(part, suspects::concern);
  }

  /** Of two requests with one key, the second one is queued behind the first one's attempt. */
  private static List<Batch> withDistinctKeys(Round round, List<Batch> part) {
    Set<IdempotencyKey> keys = new HashSet<>();
    List<Batch> repeated = new ArrayList<>();
    for (Batch batch : part) {
      if (batch.key() != null && !keys.add(batch.key())) {
        repeated.add(batch);
      }
    }
    if (repeated.isEmpty()) {
      return part;
    }
    round.push(repeated);
    return Split.without(part, new HashSet<>(repeated)::contains);
  }

  /** Has the request wait for another attempt. */
  void defer(Batch batch, FlushException e) {
    long now = clock.nanoTime();
    log.warn(
        "Cannot write a request for {} now, retrying it separately: {}",
        e.place(),
        CopyError.forTheLog(e));
    suspects.addSource(batch, now);
    if (e.isTimeout() || e.session() == Session.LOST) {
      deferred.holdAlone(batch, now); // each attempt takes its time
    } else {
      Table table = e.table() != null ? e.table() : Split.onlyTable(List.of(batch));
      deferred.holdForAnotherAttempt(batch, table, now);
    }
  }

  /** The same, and all other requests for its table are written separately. */
  void deferAndSuspectTable(Batch batch, FlushException e) {
    defer(batch, e);
    String reason = e.isStatementTimeout() ? SLOW : "Consecutive requests for table {} failed";
    suspect(e.failedTables(List.of(batch)), reason);
  }

  /**
   * Has all requests for the slow tables written separately.
   *
   * @return those of the part that are for other tables only
   */
  List<Batch> suspectSlow(Round round, List<Batch> part, FlushException e) {
    Set<Table> slow = e.failedTables(part);
    suspect(slow, SLOW);
    writeSeparately(round, part.stream().filter(batch -> touches(batch, slow)).toList());
    return Split.without(part, batch -> touches(batch, slow));
  }

  /** After a split each part stays by itself: together with others it would fail again. */
  private void writeSeparately(Round round, List<Batch> batches) {
    if (round.isSplit()) {
      deferred.addSeparatePart(batches);
    } else {
      deferred.addSeparate(batches);
    }
  }

  private static boolean touches(Batch batch, Set<Table> tables) {
    for (int run = 0; run < batch.runCount(); run++) {
      if (tables.contains(batch.runTable(run))) {
        return true;
      }
    }
    return false;
  }

  private void suspect(Set<Table> tables, String reason) {
    for (Table table : tables) {
      if (suspects.addTable(table, clock.nanoTime())) {
        log.warn(reason + ", writing its requests separately", table.name());
      }
    }
  }

  /**
   * Has those wait that need the table, or have a key.
   *
   * @return the others
   */
  List<Batch> hold(List<Batch> part, FlushException e) {
    List<Batch> waiting = part.stream().filter(e::concerns).toList();
    if (e.table() == null && e.isTimeout() && waiting.size() == 1) {
      holdKeys(waiting);
    } else if (holdAll(waiting, e)) {
      log.warn(
          "Deferring requests for {}, which {}: {}", e.tableName(), why(e), CopyError.forTheLog(e));
    }
    return Split.without(part, e::concerns);
  }

  /** Returns whether they are the first. */
  private boolean holdAll(List<Batch> waiting, FlushException e) {
    long now = clock.nanoTime();
    boolean isFirst =
        e.table() == null
            ? deferred.holdKeyTable(waiting, now)
            : deferred.holdTable(e.table(), waiting, now);
    deferred.explain(e.table(), why(e));
    return isFirst;
  }

  private static String why(FlushException e) {
    return switch (String.valueOf(e.sql().getSQLState())) {
      case "55P03" -> "is locked (by whom: see Locks in the runbook)";
      case "57014" -> "did not respond before the statement timeout";
      default -> "accepts no rows at the moment";
    };
  }

  private void holdKeys(List<Batch> locked) {
    if (deferred.holdKeys(locked, clock.nanoTime())) {
      log.warn("Deferring requests with locked Idempotency-Keys, {} of them", locked.size());
    }
  }

  /**
   * Finds out whose keys are locked, and has those wait. Trying them together would wait for one
   * after the other.
   *
   * @param usual limits of their transaction
   * @return the others
   */
  List<Batch> holdLockedKeys(List<Batch> part, FlushException e, TimeLimits usual) {
    List<Batch> keyed = part.stream().filter(batch -> batch.key() != null).toList();
    TimeLimits brief =
        new TimeLimits(KEY_SEARCH_LOCK_MILLIS, KEY_SEARCH_STATEMENT, usual.totalNanos());
    FlushDatabase.LockedKeys found;
    try {
      found = transaction.findLockedKeys(keyed, brief, KEY_SEARCH_MILLIS);
    } catch (FlushException again) {
      return hold(part, e);
    }
    if (!found.locked().isEmpty()) {
      holdKeys(found.locked());
    }
    deferred.addSeparate(found.unchecked());
    Set<Batch> taken = new HashSet<>(found.locked());
    taken.addAll(found.unchecked());
    return Split.without(part, taken::contains);
  }
}
