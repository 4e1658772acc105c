package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushTransaction;
import attolytics.flush.transaction.TimeLimits;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.metrics.Metrics;
import attolytics.schema.Table;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles every request it is given, exactly once: commits them together if possible, and otherwise
 * in parts, until only those are rejected that the database rejects. {@link FailurePolicy} decides
 * what a failure leads to. Used by one thread, but for {@link #check}, {@link #abandon} and {@link
 * #signOfLife}. Longer than other files, so that the states, the loop and the switch can be read in
 * one place.
 *
 * <pre>
 *   a request is   held by           until
 *
 *   queued         Round             its part is written; or, without an attempt, its ack timeout
 *                                    is over (settled), what it needs is known to be locked
 *                                    (waiting), its connection or table is suspect, in a flush
 *                                    (separate), or there is no time left, in a retry or for
 *                                    separate requests (waiting or separate, as before)
 *   writing        write             COMMIT (settled), or a failure. First, those are settled whose
 *                                    key was committed before. The others, by the verdict:
 *                                      ASK_FOR_STATUS           unconfirmed
 *                                      RETRY_ALL                queued
 *                                      RETRY_BY_INSERT          queued
 *                                      SPLIT                    queued; waiting if the error of a
 *                                                               timeout names its row
 *                                      FIND_LOCKED_KEYS         waiting if its key is locked,
 *                                                               separate if that was not found out;
 *                                                               after a third time, or if the
 *                                                               search failed, waiting if it has a
 *                                                               key
 *                                      SUSPECT_TABLE            separate if it has rows for the table
 *                                      HOLD                     waiting if it needs what is locked
 *                                      DEFER…                   waiting
 *                                      REJECT                   settled; separate, without the event,
 *                                                               if it is lenient
 *                                      REJECT_TABLE             settled if it has rows for the table,
 *                                                               or a key if that is the table of
 *                                                               keys
 *                                    queued if the verdict says nothing of them
 *   unconfirmed    Round             the status is known, or its ack timeout is over (settled).
 *                                    Committed: settled. Aborted: by the verdict on the failure.
 *                                    Unknown, without a key: settled; with a key: by that verdict,
 *                                    as the next attempt finds the key if it is committed
 *   separate       Deferred          it is its turn (queued)
 *   waiting        Deferred          its retry is due (queued), or another request has shown that
 *                                    the wait is over (separate)
 *                                    both: or its ack timeout is over (settled), or it is one of the
 *                                    newest while all exceed their share of the buffer (settled)
 *   settled        nobody            for ever
 * </pre>
 */
final class Flusher {
  private static final Logger log = LoggerFactory.getLogger(Flusher.class);

  /** For this long at a time deferred requests are written; the attempt under way is completed. */
  private static final long MAX_DEFERRED_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * Then other requests come first for as long as these took, and at most for this long: the
   * database may have been away.
   */
  private static final long MAX_REST_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Between two retries separate requests come first for this long: each needs less time. */
  private static final long SEPARATE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** More would not help: keys may be locked as fast as searches find them. */
  private static final int MAX_KEY_SEARCHES = 2;

  private final FlushDatabase database;
  private final FlushTransaction transaction;
  private final Arrivals arrivals;
  private final LimitPolicy limits;
  private final NanoClock clock;
  private final Metrics metrics;
  private final WriterTime time;

  private final Suspects suspects = new Suspects();
  private final Deferred deferred = new Deferred();
  private final CommitRecovery recovery;
  private final Backoff backoff;
  private final FailureHistory failures;
  private final Settlement settlement;
  private final Deferral deferral;
  private final Rejection rejection;
  private final DeferredShare share;
  private long restUntil; // from the deferred requests
  private long separateUntil; // these come before retries, if there are any
  private long deferredBytes; // as the share knows it
  private long separateTurn; // when the last one of separate requests began
  private volatile long signOfLife;

  Flusher(
      FlushDatabase database,
      Arrivals arrivals,
      Duration ackTimeout,
      DeferredShare share,
      Metrics metrics,
      OutageLog outages,
      NanoClock clock) {
    this.database = database;
    this.transaction = new FlushTransaction(database);
    this.arrivals = arrivals;
    this.limits = new LimitPolicy(ackTimeout, arrivals);
    this.clock = clock;
    this.metrics = metrics;
    this.time = new WriterTime(clock);
    this.recovery = new CommitRecovery(database);
    this.backoff = new Backoff(clock, outages);
    this.failures = new FailureHistory(suspects);
    this.settlement = new Settlement(recovery, ackTimeout, clock);
    this.rejection = new Rejection(settlement, suspects, clock);
    this.deferral = new Deferral(transaction, deferred, suspects, clock);
    this.share = share;
    this.restUntil = clock.nanoTime();
    this.separateUntil = clock.nanoTime();
    this.separateTurn = clock.nanoTime();
    this.signOfLife = clock.nanoTime();
  }

  /** Settles the batches, or defers some of them for {@link #writeDeferred}. */
  void flush(List<Batch> batches) {
    expireDeferred(); // not only after a transaction that may take its time
    suspects.sweep(clock.nanoTime());
    Round round = new Round(Round.Kind.FLUSH, 0);
    round.push(batches);
    while (!round.isEmpty()) {
      next(round);
    }
    limitDeferred();
  }

  private void expireDeferred() {
    settlement.expire(deferred);
    updateShare();
  }

  /** Turns away the newest deferred requests if there is no room for them. */
  private void limitDeferred() {
    long excess = updateShare();
    if (excess > 0) {
      deferred.removeNewest(
          excess, (batch, reason) -> settlement.settle(batch, Outcome.bufferFull(reason)));
      updateShare();
    }
    if (deferred.isEmpty()) {
      nothingDeferred();
    }
  }

  private void nothingDeferred() {
    backoff.nothingLeft();
    failures.nothingDeferred();
  }

  /**
   * Tells the other writers, whenever there may be less: by an earlier figure they would refuse
   * requests although there is room.
   *
   * @return how many bytes of deferred requests there is no room for
   */
  private long updateShare() {
    long before = deferredBytes;
    deferredBytes = deferred.bytes();
    return share.replace(before, deferredBytes);
  }

  /**
   * Tries deferred requests that are due: some of them at least, and more until the time is over or
   * others wait. After that, the others have as much time as these took.
   */
  void writeDeferred(long nanos) {
    long start = clock.nanoTime();
    expireDeferred();
    limitDeferred();
    if (start - restUntil < 0 || deferred.isEmpty()) {
      return;
    }
    long end = start + Math.min(nanos, MAX_DEFERRED_NANOS);
    do {
      Deferred.Wait due = deferred.due(clock.nanoTime());
      if (due != null && isTurnOf(due)) {
        retry(due, end);
        separateUntil = clock.nanoTime() + SEPARATE_NANOS;
      } else {
        writeSeparate(end);
      }
    } while (deferred.until(clock.nanoTime()) == 0 && !isOver(end));
    expireDeferred(); // pauses may have taken all the time of those put back
    limitDeferred();
    long now = clock.nanoTime();
    restUntil = now + Math.min(now - start, MAX_REST_NANOS);
  }

  /** Separate requests have their turn first: they wait for nothing, and take less time. */
  private boolean isTurnOf(Deferred.Wait due) {
    boolean separateHadTheirs = due.isDue(separateTurn) && clock.nanoTime() - separateUntil >= 0;
    return separateHadTheirs || !deferred.hasSeparate();
  }

  /** Tries some of the requests that wait for one thing. */
  private void retry(Deferred.Wait wait, long end) {
    long settledBefore = settledFor(wait);
    Round round = new Round(Round.Kind.RETRY, wait.triesForLimits());
    round.push(deferred.takeForRetry(wait));
    updateShare();
    if (!round.isEmpty()) {
      work(round, end);
    }
    boolean settled = settledFor(wait) != settledBefore;
    List<List<Batch>> rest = round.takeRest();
    if (round.isSplit()) {
      rest.forEach(deferred::addSeparatePart);
      rest = List.of();
    }
    deferred.endRetry(rest, settled, clock.nanoTime());
  }

  /** How many requests were settled so far; for a table, without repeats, which write to none. */
  private long settledFor(Deferred.Wait wait) {
    return settlement.byDatabase() - (wait.isForKeys() ? 0 : settlement.byKey());
  }

  private void writeSeparate(long end) {
    separateTurn = clock.nanoTime();
    List<Batch> next = deferred.takeSeparate();
    updateShare();
    if (next != null) {
      Round round = new Round(Round.Kind.SEPARATE, 0);
      round.push(next);
      work(round, end);
      deferred.postpone(round.takeRest());
    }
  }

  /** One part at least, and more of them until the end, or until other requests wait. */
  private void work(Round round, long end) {
    do {
      next(round);
    } while (!round.isEmpty() && (round.isNextUnfinished() || !isOver(end)));
  }

  private boolean isOver(long end) {
    return clock.nanoTime() - end >= 0 || arrivals.areWaiting();
  }

  private void next(Round round) {
    beat();
    Round.Part part = round.pop();
    if (part.unconfirmed() != null) {
      recover(round, part, part.unconfirmed());
      return;
    }
    List<Batch> ready =
        deferral.ready(round, settlement.withoutExpired(part.batches(), backoff.reason()));
    if (!ready.isEmpty()) {
      write(round, ready, part.byInsert());
    }
  }

  private void write(Round round, List<Batch> part, boolean byInsert) {
    long start = clock.nanoTime();
    Map<Batch, Outcome> known;
    try {
      known = transaction.run(part, limits.of(round, part, deferred, start), byInsert);
    } catch (FlushException e) {
      metrics.flushFailed(CopyError.sqlStateClass(e.sql()));
      List<Batch> left = settleKnown(part, e.known());
      if (!left.isEmpty()) {
        failed(round, left, e, byInsert, start);
      }
      return;
    } catch (RuntimeException | Error e) {
      log.error("Flush failed unexpectedly; its requests get 504 (outcome unknown)", e);
      part.forEach(batch -> settlement.settle(batch, Outcome.UNKNOWN));
      return;
    }
    committed(round, part, known, clock.nanoTime() - start);
  }

  /**
   * Answers those whose key was committed before, whatever the failure means for the others.
   *
   * @return the others
   */
  private List<Batch> settleKnown(List<Batch> part, Map<Batch, Outcome> known) {
    if (known.isEmpty()) {
      return part;
    }
    for (Batch batch : part) {
      Outcome outcome = known.get(batch);
      if (outcome != null) {
        settlement.settle(batch, outcome);
      }
    }
    return Split.without(part, known::containsKey);
  }

  private void failed(
      Round round, List<Batch> part, FlushException e, boolean byInsert, long start) {
    Batch first = part.get(0);
    long nanos = clock.nanoTime() - start;
    switch (FailurePolicy.decide(failures.add(round, part, e, byInsert, nanos))) {
      case ASK_FOR_STATUS -> askForStatus(round, part, e, start);
      case RETRY_ALL -> retryAll(round, part, e);
      case SPLIT -> split(round, part, e);
      case SUSPECT_TABLE -> round.push(deferral.suspectSlow(round, part, e));
      case FIND_LOCKED_KEYS -> findLockedKeys(round, part, e);
      case DEFER -> deferral.defer(first, e);
      case DEFER_AND_SUSPECT_TABLE -> deferral.deferAndSuspectTable(first, e);
      case HOLD -> round.push(deferral.hold(part, e));
      case REJECT -> {
        if (rejection.reject(first, e)) {
          deferred.addSeparatePart(part); // each of many events may be refused, one at each attempt
        }
      }
      case REJECT_TABLE -> round.push(rejection.rejectTable(part, e));
      case RETRY_BY_INSERT -> round.pushByInsert(part);
    }
  }

  private void committed(Round round, List<Batch> part, Map<Batch, Outcome> known, long nanos) {
    backoff.committed();
    failures.committed(round);
    time.setDatabaseAway(false);
    int rows = 0;
    long bytes = 0;
    for (Batch batch : part) {
      if (known.isEmpty() || !known.containsKey(batch)) {
        rows += batch.rowCount() - batch.duplicates();
        bytes += batch.byteCount();
        for (int run = 0; run < batch.runCount(); run++) {
          rowsCommitted(batch.runTable(run), batch.runRows(run), batch.runDuplicates(run));
          suspects.acceptedRow(batch.runTable(run));
        }
      }
    }
    metrics.flushCommitted(rows, bytes, nanos);
    for (Batch batch : part) {
      settlement.settle(
          batch, known.isEmpty() ? Outcome.STORED : known.getOrDefault(batch, Outcome.STORED));
    }
  }

  private void rowsCommitted(Table table, int rows, int duplicates) {
    metrics.rowsCommitted(table.name(), rows - duplicates);
    if (duplicates > 0) {
      metrics.rowsLeftOut(table.name(), duplicates);
    }
  }

  private void askForStatus(Round round, List<Batch> part, FlushException e, long start) {
    log.warn(
        "COMMIT was not confirmed, querying the status of the transaction: {}",
        CopyError.forTheLog(e));
    round.pushUnconfirmed(part, e, start);
  }

  private void recover(Round round, Round.Part part, FlushException e) {
    List<Batch> batches = part.batches();
    TransactionId lost = Objects.requireNonNull(e.lostCommit());
    long limit = limits.totalNanos(batches, clock.nanoTime());
    TransactionStatus status = recovery.status(lost, limit);
    if (status != TransactionStatus.UNDECIDED) {
      backoff.answered();
    }
    switch (status) {
      case COMMITTED -> committed(round, batches, Map.of(), clock.nanoTime() - part.startNanos());
      case ABORTED -> failed(round, batches, e.withoutLostCommit(), false, part.startNanos());
      case UNKNOWN -> resolveByKeys(round, batches, e.withoutLostCommit(), part.startNanos());
      case UNDECIDED -> askAgain(round, part, e);
    }
  }

  private void resolveByKeys(Round round, List<Batch> part, FlushException e, long start) {
    List<Batch> keyed = recovery.doubt(part);
    part.stream()
        .filter(batch -> batch.key() == null)
        .forEach(batch -> settlement.settle(batch, Outcome.UNKNOWN));
    if (!keyed.isEmpty()) {
      failed(round, keyed, e, false, start);
    }
  }

  private void askAgain(Round round, Round.Part part, FlushException e) {
    List<Batch> waiting = settlement.withoutExpired(part.batches(), Outcome.UNKNOWN);
    if (waiting.isEmpty()) {
      log.error("Cannot query the status of a COMMIT in time; its requests get 504");
    } else {
      pause(e);
      round.pushUnconfirmed(waiting, e, part.startNanos());
    }
  }

  private void retryAll(Round round, List<Batch> part, FlushException e) {
    pause(e);
    round.push(part);
  }

  private void pause(FlushException cause) {
    beat();
    expireDeferred();
    time.setDatabaseAway(true);
    backoff.pause(cause);
  }

  private void pauseBriefly() {
    beat();
    expireDeferred();
    backoff.pauseBriefly();
  }

  private void split(Round round, List<Batch> part, FlushException e) {
    int splitsBefore = round.countSplit();
    if (e.session() == Session.LOST) {
      pauseBriefly();
    }
    int failed = e.failedBatch() == null ? -1 : part.indexOf(e.failedBatch());
    if (failed < 0) {
      round.pushAll(e.isTimeout() ? Split.ofSlow(part, e.table()) : Split.inHalves(part));
    } else if (e.isTimeout()) {
      deferral.defer(part.get(failed), e);
      List<Batch> others = Split.without(part, batch -> batch == e.failedBatch());
      // The row may just be where the time was over: then the others need as much.
      round.pushAll(e.isStatementTimeout() ? Split.ofSlow(others, e.table()) : List.of(others));
    } else {
      boolean isTransient = e.kind() == Kind.TRANSIENT;
      round.pushAll(Split.around(part, failed, isTransient, splitsBefore == 0));
    }
  }

  private void findLockedKeys(Round round, List<Batch> part, FlushException e) {
    boolean isFutile = round.countKeySearch() >= MAX_KEY_SEARCHES;
    TimeLimits usual = limits.of(round, part, deferred, clock.nanoTime());
    round.push(isFutile ? deferral.hold(part, e) : deferral.holdLockedKeys(part, e, usual));
  }

  /** What its time is spent on; the caller starts and stops it. */
  WriterTime time() {
    return time;
  }

  /** Whether requests are deferred. */
  boolean hasDeferred() {
    return !deferred.isEmpty();
  }

  /** Rows of deferred requests. */
  int deferredRows() {
    return deferred.rows();
  }

  /** The tables that are locked, or accept no rows at the moment. */
  Set<String> heldTables() {
    return deferred.heldTables();
  }

  /** When the oldest of the deferred requests was accepted, or 0 if there is none. */
  long oldestDeferred() {
    return deferred.oldest();
  }

  /** Nanoseconds until deferred requests can be tried. */
  long untilRetry() {
    long now = clock.nanoTime();
    return hasDeferred() ? Math.max(deferred.until(now), restUntil - now) : Long.MAX_VALUE;
  }

  /** Shows that the thread makes progress. */
  void beat() {
    signOfLife = clock.nanoTime();
  }

  /** When the thread last made progress, by the clock. Any thread. */
  long signOfLife() {
    return signOfLife;
  }

  /** Aborts a connection on which the database has not responded in time. Any thread. */
  void check() {
    if (settlement.isAbandoned()) {
      database.abort(); // the connection may have been opened just after everything was abandoned
    }
    database.abortIfOverdue();
  }

  /** Forgets all requests, whatever their state is. Nothing is thrown. */
  void forget() {
    deferred.clear();
    updateShare();
    recovery.clear();
    nothingDeferred();
  }

  /** Settles from now on whatever is not committed, without another attempt. Any thread. */
  void abandon() {
    settlement.abandon();
    database.abort();
    backoff.abandon();
  }
}
