package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.LenientRequest;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.flush.FailurePolicy.Failed;
import attolytics.flush.FailurePolicy.Kind;
import attolytics.flush.FailurePolicy.Session;
import attolytics.flush.FlushException.LostCommit;
import attolytics.flush.FlushException.Stage;
import attolytics.logging.LogMarkers;
import attolytics.metrics.Metrics;
import attolytics.schema.Quarantine;
import attolytics.schema.Table;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles every batch it is given, each exactly once: commits them together if it can, and else
 * takes them apart until only those are refused that the database refuses. What a failure calls for
 * is {@link FailurePolicy}'s to decide. Used by one thread, but for {@link #check} and {@link
 * #abandon}.
 *
 * <pre>
 *   flush ──► parts ──► one transaction a part ──► settled
 *     │         ▲  └── failed: all again, or smaller parts
 *     │         │                └── deferred
 *     └─► deferred: suspect, or waiting for a table, a key, or another try of their own; tried
 *         after the others, for no longer than those take
 * </pre>
 */
final class Flusher {
  private static final Logger log = LoggerFactory.getLogger(Flusher.class);
  private static final long FIRST_BACKOFF = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_BACKOFF = TimeUnit.SECONDS.toNanos(1);

  /** How long all wait for a lock, at most, and how long while locks are known to be held. */
  private static final int LOCK_MILLIS = 750;

  private static final int KNOWN_LOCK_MILLIS = 10;

  /** How long it may take to find out which keys are held, and the wait for each of these. */
  private static final long SORT_OUT_MILLIS = 250;

  private static final int SORT_OUT_LOCK_MILLIS = 1;

  /** Keys may become held as fast as it is found out which are. */
  private static final int MAX_SORT_OUTS = 2;

  /** No transaction is given up before, however late its oldest request is. */
  private static final long MIN_ATTEMPT = TimeUnit.SECONDS.toNanos(1);

  /** What part of the ack timeout one statement may take while others wait. */
  private static final int STATEMENTS = 8;

  /** For a statement that is tried apart from the others, the first time. */
  private static final long ASIDE_STATEMENT = TimeUnit.SECONDS.toNanos(1);

  private static final int MAX_DOUBLINGS = 4;

  private final FlushDatabase database;
  private final FlushTransaction transaction;
  private final NanoClock clock;
  private final long ackTimeoutNanos;
  private final Metrics metrics;

  private final Suspects suspects = new Suspects();
  private final Deferred deferred = new Deferred();
  private final Deque<List<Batch>> parts = new ArrayDeque<>();

  /** They may be committed already; their keys see to it that they are not committed twice. */
  private final Set<Batch> inDoubt = new HashSet<>();

  // Of the current round:
  private int splits;
  private int sortOuts;
  private boolean suspectsTable; // that it did not when the round began
  private boolean sawWait; // for a lock, or the end of a statement's time
  private boolean aside;
  private boolean again; // whether what is tried failed alone before
  private int tries; // of what was deferred

  private int lost; // connections since the last commit
  private final Map<Table, Integer> tableFailedAlone = new HashMap<>(); // since it took a row

  private long asideNotBefore;
  private long backoff = FIRST_BACKOFF;
  private volatile boolean abandoned;
  private volatile long signOfLife;
  private volatile @Nullable Thread pausing;

  Flusher(FlushDatabase database, Duration ackTimeout, Metrics metrics, NanoClock clock) {
    this.database = database;
    this.transaction = new FlushTransaction(database);
    this.ackTimeoutNanos = ackTimeout.toNanos();
    this.metrics = metrics;
    this.clock = clock;
    this.asideNotBefore = clock.nanoTime();
    this.signOfLife = clock.nanoTime();
  }

  /**
   * Settles the batches, or defers some of them, for {@link #flushAside}. Takes as long as one of
   * them may still wait for its commit.
   */
  void flush(List<Batch> batches) {
    long start = clock.nanoTime();
    beginRound(false);
    parts.push(healthy(batches, start));
    while (!parts.isEmpty()) {
      attempt(parts.pop());
    }
    if (hasAside()) {
      flushAside(clock.nanoTime() - start);
    }
  }

  private void beginRound(boolean isAside) {
    aside = isAside;
    splits = 0;
    sortOuts = 0;
    suspectsTable = false;
    sawWait = false;
    again = false;
    tries = 0;
  }

  /** Whether batches are deferred. */
  boolean hasAside() {
    return !deferred.isEmpty();
  }

  /** Rows that are deferred. */
  int asideRows() {
    return deferred.rows();
  }

  /** When the oldest of those that are deferred was accepted, or 0 if there is none. */
  long oldestAside() {
    return deferred.oldest();
  }

  /** How long the next of those that are deferred can wait, in nanoseconds. */
  long untilAside() {
    long now = clock.nanoTime();
    return hasAside() ? Math.max(deferred.until(now), asideNotBefore - now) : Long.MAX_VALUE;
  }

  /**
   * Tries those that are deferred and due: at least a part of them, and further ones for about that
   * long. After that the others have as much time, whatever these took.
   */
  void flushAside(long nanos) {
    long start = clock.nanoTime();
    removeExpired();
    if (start - asideNotBefore < 0 && !abandoned) {
      return;
    }
    long end = start + Math.min(nanos, LAST_BACKOFF);
    do {
      beginRound(true);
      retryDue();
      retrySuspects(end);
    } while (untilDeferred() == 0 && clock.nanoTime() - end < 0);
    aside = false;
    long now = clock.nanoTime();
    asideNotBefore = now + (now - start);
  }

  private long untilDeferred() {
    return deferred.until(clock.nanoTime());
  }

  /** Tries some of those that wait for one thing; if none of them had to, all others as well. */
  private void retryDue() {
    Deferred.Wait wait = deferred.due(clock.nanoTime());
    if (wait == null) {
      return;
    }
    again = true;
    tries = wait.tries();
    parts.push(deferred.take(wait));
    while (!parts.isEmpty()) {
      attempt(parts.pop());
    }
    again = false;
    tries = 0;
    deferred.suspect(deferred.tried());
  }

  private void retrySuspects(long end) {
    List<Batch> suspected = deferred.nextSuspected();
    if (suspected == null) {
      return;
    }
    parts.push(suspected);
    do {
      attempt(parts.pop());
    } while (!parts.isEmpty() && (abandoned || clock.nanoTime() - end < 0));
    deferred.postpone(parts);
  }

  /** Notes that the thread goes on. */
  void beat() {
    signOfLife = clock.nanoTime();
  }

  /** When the thread last went on, by the clock. Any thread. */
  long signOfLife() {
    return signOfLife;
  }

  /** Breaks a connection on which the database has been silent for too long. Any thread. */
  void check() {
    if (abandoned) {
      database.abort(); // the connection may have been opened just after everything was abandoned
    }
    database.abortIfOverdue();
  }

  /** Forgets all batches, whatever state they are in. Nothing is thrown. */
  void forget() {
    parts.clear();
    deferred.clear();
    inDoubt.clear();
  }

  /** Settles from now on whatever is not committed, without another try. Any thread. */
  void abandon() {
    abandoned = true;
    database.abort();
    clock.unpark(pausing);
  }

  /** Those that nothing speaks against; the others are deferred. */
  private List<Batch> healthy(List<Batch> batches, long now) {
    List<Batch> healthy = new ArrayList<>(batches.size());
    List<Batch> suspected = new ArrayList<>();
    for (Batch batch : batches) {
      (suspects.concern(batch, now) ? suspected : healthy).add(batch);
    }
    deferred.suspect(suspected);
    return healthy;
  }

  /** Settles the part, or puts what is to be tried next before the other parts. */
  private void attempt(List<Batch> whole) {
    beat();
    List<Batch> part = distinctKeys(withoutHeld(withoutSuspect(withoutExpired(whole))));
    if (!part.isEmpty()) {
      run(part, false);
    }
  }

  /** Without those for a table that has become suspect since the flush began. */
  private List<Batch> withoutSuspect(List<Batch> part) {
    if (aside || !suspectsTable) {
      return part;
    }
    List<Batch> left = new ArrayList<>(part.size());
    List<Batch> suspected = new ArrayList<>();
    for (Batch batch : part) {
      (suspects.concernTable(batch) ? suspected : left).add(batch);
    }
    deferred.suspect(suspected);
    return left;
  }

  /** Without those that need what is known to be held: they wait for it, wherever they stood. */
  private List<Batch> withoutHeld(List<Batch> part) {
    if (!deferred.hasWaits()) {
      return part;
    }
    List<Batch> left = new ArrayList<>(part.size());
    for (Batch batch : part) {
      if (!deferred.holdIfNeeded(batch)) {
        left.add(batch);
      }
    }
    return left;
  }

  private void run(List<Batch> part, boolean byInsert) {
    long start = clock.nanoTime();
    TimeLimits limits = limits(part, start);
    Map<Batch, Outcome> known;
    try {
      known = transaction.run(part, limits, byInsert);
    } catch (FlushException e) {
      metrics.flushFailed(CopyError.sqlStateClass(e.sql()));
      if (e.lostCommit() == null) {
        failed(part, e, byInsert);
      } else {
        commitLost(part, e, e.lostCommit());
      }
      return;
    } catch (RuntimeException | Error e) {
      log.error("A flush failed for a reason of our own; its requests learn that nobody knows", e);
      part.forEach(batch -> settle(batch, Outcome.UNKNOWN));
      return;
    }
    committed(part, known, clock.nanoTime() - start);
  }

  /** Tells the outcome; trouble with one request must not keep the others from theirs. */
  private void settle(Batch batch, Outcome outcome) {
    boolean doubtful = !inDoubt.isEmpty() && inDoubt.remove(batch) && !isLearnt(outcome);
    try {
      batch.settle(doubtful ? Outcome.UNKNOWN : outcome);
    } catch (RuntimeException | Error e) {
      log.error("A request could not be told its outcome, {}", outcome.kind(), e);
    }
  }

  /** Whether its key was looked for, so that an earlier COMMIT would have shown. */
  private static boolean isLearnt(Outcome outcome) {
    return switch (outcome.kind()) {
      case STORED, REPLAYED, KEY_REUSED, REFUSED, CONFLICT -> true;
      case TABLE_BROKEN, UNAVAILABLE, STOPPED, UNKNOWN -> false;
    };
  }

  /**
   * What waits for a lock, or takes long, does so at the expense of all who are in the same flush
   * or come meanwhile. So only what is tried aside gets more time with each try.
   */
  private TimeLimits limits(List<Batch> part, long now) {
    long total = timeToTry(part, now);
    int doublings = Math.min(tries, MAX_DOUBLINGS);
    long statement =
        aside || sawWait
            ? ASIDE_STATEMENT << doublings
            : Math.max(ASIDE_STATEMENT, ackTimeoutNanos / STATEMENTS);
    statement = Math.min(statement, total / 4 * 3);
    int lockMillis =
        aside || sawWait || deferred.hasWaits() ? KNOWN_LOCK_MILLIS << doublings : LOCK_MILLIS;
    long inTime = TimeUnit.NANOSECONDS.toMillis(statement) / 2;
    return new TimeLimits((int) Math.min(lockMillis, inTime), statement, total);
  }

  /** Half of what the oldest may still wait: the other half is for asking, or for another try. */
  private long timeToTry(List<Batch> part, long now) {
    long oldest = now;
    for (Batch batch : part) {
      oldest = Math.min(oldest, batch.acceptedNanos());
    }
    return Math.max(MIN_ATTEMPT, (ackTimeoutNanos - (now - oldest)) / 2);
  }

  private void committed(List<Batch> part, Map<Batch, Outcome> known, long nanos) {
    if (backoff != FIRST_BACKOFF) {
      backoff = FIRST_BACKOFF;
      log.atInfo().addMarker(LogMarkers.STATE_CHANGE).log("The database takes rows again");
    }
    lost = 0;
    int rows = 0;
    long bytes = 0;
    for (Batch batch : part) {
      if (known.isEmpty() || !known.containsKey(batch)) {
        rows += batch.rowCount();
        bytes += batch.byteCount();
        for (int run = 0; run < batch.runCount(); run++) {
          metrics.rowsCommitted(batch.runTable(run).name(), batch.runRows(run));
          if (!tableFailedAlone.isEmpty() && tableFailedAlone.remove(batch.runTable(run)) != null) {
            suspects.removeTable(batch.runTable(run));
          }
        }
      }
    }
    metrics.flushCommitted(rows, bytes, nanos);
    for (Batch batch : part) {
      settle(batch, known.isEmpty() ? Outcome.STORED : known.getOrDefault(batch, Outcome.STORED));
    }
  }

  private void failed(List<Batch> part, FlushException e, boolean byInsert) {
    Table table = e.table() != null ? e.table() : onlyTable(part);
    switch (FailurePolicy.decide(describe(part, e, byInsert))) {
      case RETRY_ALL -> retryLater(part, e);
      case SPLIT -> split(part, e);
      case SORT_OUT_KEYS -> sortOutKeys(part, e);
      case DEFER -> defer(part.get(0), table, e);
      case DEFER_AND_SUSPECT_TABLE -> {
        defer(part.get(0), table, e);
        failedTables(part.get(0), e).forEach(this::suspectTable);
      }
      case HOLD -> hold(part, e.stage() == Stage.KEYS ? null : table, e);
      case REJECT -> refuse(part.get(0), e);
      case REJECT_TABLE -> broken(part, e);
      case RETRY_BY_INSERT -> run(part, true);
    }
  }

  /** The failure as the policy sees it; it counts from here on. */
  private Failed describe(List<Batch> part, FlushException e, boolean byInsert) {
    boolean isLone = part.size() == 1;
    sawWait |= e.isWait();
    if (e.session() == Session.LOST && e.stage() != Stage.BEGIN) {
      lost++;
    }
    return new Failed(
        e.stage(),
        e.kind(),
        e.isWait(),
        e.session(),
        isLone,
        !byInsert && hidesItsCause(e),
        lost,
        isLone ? countFailedAlone(part.get(0), e) : 0);
  }

  /** How many requests for a table of this one have failed alone, this one included. */
  private int countFailedAlone(Batch batch, FlushException e) {
    int most = 0;
    for (Table table : failedTables(batch, e)) {
      if (!again && e.kind() == Kind.TRANSIENT) {
        tableFailedAlone.merge(table, 1, Integer::sum);
      }
      most = Math.max(most, tableFailedAlone.getOrDefault(table, 0));
    }
    return most;
  }

  /** The tables that may be to blame. */
  private static Set<Table> failedTables(Batch batch, FlushException e) {
    if (e.stage() == Stage.BEGIN || e.stage() == Stage.KEYS || e.stage() == Stage.COPY_START) {
      return Set.of(); // no row was looked at yet
    }
    if (e.table() != null) {
      return Set.of(e.table());
    }
    Set<Table> tables = new HashSet<>();
    for (int run = 0; run < batch.runCount(); run++) {
      tables.add(batch.runTable(run));
    }
    return tables;
  }

  private void suspectTable(Table table) {
    suspectsTable = true;
    if (suspects.addTable(table, clock.nanoTime())) {
      log.warn(
          "Requests for {} fail one after the other, trying all for it apart", tableName(table));
    }
  }

  /** The one table that all rows are for, or null. */
  private static @Nullable Table onlyTable(List<Batch> part) {
    Table table = null;
    for (Batch batch : part) {
      for (int run = 0; run < batch.runCount(); run++) {
        if (table != null && table != batch.runTable(run)) {
          return null;
        }
        table = batch.runTable(run);
      }
    }
    return table;
  }

  /** Takes the part apart until the request stands alone whose row the database will not have. */
  private void split(List<Batch> part, FlushException e) {
    splits++;
    if (e.session() == Session.LOST) {
      pauseFor(e);
    }
    int failed = e.failedBatch() == null ? -1 : part.indexOf(e.failedBatch());
    if (failed < 0) {
      // Each part that takes too long costs its whole time: few of them.
      pushSplit(part, e.isWait() ? 8 : 2);
      return;
    }
    List<Batch> before = part.subList(0, failed);
    List<Batch> alone = part.subList(failed, failed + 1); // for it to be certain
    List<Batch> behind = part.subList(failed + 1, part.size());
    pushSplit(behind, splits > 1 ? 2 : 1); // there may be many more
    if (e.isWait()) {
      pushSplit(before, 1);
      deferred.suspect(alone);
    } else if (e.kind() == Kind.TRANSIENT) {
      pushSplit(before, splits > 1 ? 2 : 1);
      parts.push(alone); // first, to find out soon if it is not for its row
    } else {
      parts.push(alone);
      pushSplit(before, 1);
    }
  }

  private void pushSplit(List<Batch> part, int ways) {
    int size = Math.max(1, (part.size() + ways - 1) / ways);
    int end = part.size();
    for (int start = (end - 1) / size * size; start >= 0 && end > 0; start -= size) {
      parts.push(part.subList(start, end));
      end = start;
    }
  }

  private void defer(Batch batch, @Nullable Table table, FlushException e) {
    long now = clock.nanoTime();
    log.warn(
        "A request for {} cannot be written now, trying it again apart from the others: {}",
        place(e),
        CopyError.forTheLog(e));
    suspects.addSource(batch, now);
    if (e.isWait() || e.session() == Session.LOST) {
      deferred.holdAlone(batch, now); // it takes its time
    } else {
      deferred.holdForAnotherTry(batch, table, now);
    }
  }

  /** Nothing but the key tells which of them are held, and trying them together waits for each. */
  private void sortOutKeys(List<Batch> part, FlushException e) {
    List<Batch> keyed = part.stream().filter(batch -> batch.key() != null).toList();
    if (sortOuts++ == MAX_SORT_OUTS) {
      hold(part, null, e);
      return;
    }
    TimeLimits limits = limits(part, clock.nanoTime());
    TimeLimits briefly =
        new TimeLimits(SORT_OUT_LOCK_MILLIS, limits.statementNanos(), limits.totalNanos());
    try {
      FlushDatabase.LockedKeys sorted = transaction.findLockedKeys(keyed, briefly, SORT_OUT_MILLIS);
      Set<Batch> deferredNow = new HashSet<>(sorted.locked());
      deferredNow.addAll(sorted.unchecked());
      if (!sorted.locked().isEmpty()) {
        log.warn("{} Idempotency-Keys are locked, their requests wait", sorted.locked().size());
        deferred.holdKeys(sorted.locked(), clock.nanoTime());
      }
      deferred.suspect(sorted.unchecked());
      parts.push(part.stream().filter(batch -> !deferredNow.contains(batch)).toList());
    } catch (FlushException again) {
      hold(part, null, e);
    }
  }

  /** Who needs the table, or for null a key, has to wait; the others go on. */
  private void hold(List<Batch> part, @Nullable Table table, FlushException e) {
    long now = clock.nanoTime();
    List<Batch> others = new ArrayList<>();
    List<Batch> waiting = new ArrayList<>();
    for (Batch batch : part) {
      (needs(batch, table) ? waiting : others).add(batch);
    }
    parts.push(others);
    boolean isNew;
    if (table != null) {
      isNew = deferred.holdTable(table, waiting, now);
    } else if (e.isWait() && waiting.size() == 1) {
      isNew = deferred.holdKeys(waiting, now);
    } else {
      isNew = deferred.holdKeyTable(waiting, now);
    }
    if (isNew) {
      log.warn(
          "{} {}, its requests wait: {}",
          tableName(table),
          e.isWait() ? "is locked" : "takes no rows now",
          CopyError.forTheLog(e));
    }
  }

  private void refuse(Batch batch, FlushException e) {
    long now = clock.nanoTime();
    String state = String.valueOf(e.sql().getSQLState());
    String detail = CopyError.primaryMessage(e.sql());
    if (e.kind() == Kind.TABLE || isUnknownColumn(e) || lacksPartition(e)) {
      // Not the words: a trigger's may hold what the row does.
      log.warn(
          "A row of {} cannot be written: SQLSTATE {}, see the database's log", place(e), state);
      suspects.addSource(batch, now);
      settle(batch, new Outcome(Outcome.Kind.TABLE_BROKEN, null, e.event()));
    } else {
      boolean conflict = state.equals("23505") || state.equals("23P01");
      suspects.addSource(batch, now);
      if (quarantined(batch, e, conflict ? "conflict" : "refused_by_database", detail)) {
        parts.push(List.of(batch));
        return;
      }
      settle(
          batch,
          new Outcome(conflict ? Outcome.Kind.CONFLICT : Outcome.Kind.REFUSED, detail, e.event()));
    }
  }

  /** Whether the request is handled leniently, and goes on without the event that was refused. */
  private static boolean quarantined(
      Batch batch, FlushException e, String code, @Nullable String detail) {
    LenientRequest lenient = batch.lenient();
    return lenient != null
        && e.event() != Outcome.NO_EVENT
        && !(e.table() != null && e.table().name().equals(Quarantine.NAME))
        && lenient.quarantine(e.event(), code, String.valueOf(detail));
  }

  /** NULL in a column that the schema does not know of: no client can mend that. */
  private static boolean isUnknownColumn(FlushException e) {
    Table table = e.table();
    String column = CopyError.column(e.sql());
    return "23502".equals(e.sql().getSQLState())
        && table != null
        && column != null
        && table.column(column) == null;
  }

  /** The row's time is one that is taken: that it has no partition is the service's failure. */
  private static boolean lacksPartition(FlushException e) {
    Table table = e.table();
    return table != null && table.partitioning() != null && CopyError.hasNoPartition(e.sql());
  }

  /** The table, or that of the keys, takes nothing: who needs it is refused, the others go on. */
  private void broken(List<Batch> part, FlushException e) {
    log.warn("{} takes no rows: {}", tableName(e.table()), CopyError.forTheLog(e));
    List<Batch> others = new ArrayList<>();
    for (Batch batch : part) {
      if (needs(batch, e.table())) {
        String detail = tableName(e.table()) + " takes no rows";
        settle(batch, new Outcome(Outcome.Kind.TABLE_BROKEN, detail, Outcome.NO_EVENT));
      } else {
        others.add(batch);
      }
    }
    if (e.table() != null) {
      suspects.addTable(e.table(), clock.nanoTime());
    }
    parts.push(others);
  }

  /** Whether the batch has rows for the table, or, for null, an Idempotency-Key. */
  private static boolean needs(Batch batch, @Nullable Table table) {
    return table == null ? batch.key() != null : batch.touches(table);
  }

  private static String tableName(@Nullable Table table) {
    return table == null ? "the table of Idempotency-Keys" : "table " + table.name();
  }

  private static String place(FlushException e) {
    return switch (e.stage()) {
      case CONSTRAINTS, COMMIT -> "a table with deferred constraints";
      default -> tableName(e.table());
    };
  }

  /** Citus tells what another machine said of a COPY, but not with which SQLSTATE. */
  private static boolean hidesItsCause(FlushException e) {
    return e.stage() == Stage.COPY
        && "XX000".equals(e.sql().getSQLState())
        && e.table() != null
        && e.table().distributeBy() != null;
  }

  private void retryLater(List<Batch> part, FlushException e) {
    pauseFor(e);
    parts.push(part);
  }

  /** Lets some time go by, as the database takes nothing from anybody. */
  private void pauseFor(FlushException e) {
    if (backoff == FIRST_BACKOFF) {
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("The database takes no rows, trying again: {}", CopyError.forTheLog(e));
    }
    pause();
  }

  private void pause() {
    beat();
    removeExpired();
    pausing = Thread.currentThread();
    if (!abandoned) {
      clock.parkNanos(backoff);
    }
    pausing = null;
    backoff = Math.min(2 * backoff, LAST_BACKOFF);
  }

  private void removeExpired() {
    long now = clock.nanoTime();
    Outcome outcome = abandoned ? Outcome.STOPPED : Outcome.UNAVAILABLE;
    deferred.removeIf(batch -> expired(batch, now), batch -> settle(batch, outcome));
  }

  /** Asks on another connection what became of the COMMIT, as long as a request may wait. */
  private void commitLost(List<Batch> part, FlushException failure, LostCommit lost) {
    FlushException notCommitted = failure.notCommitted();
    log.warn(
        "The COMMIT was not confirmed, asking what became of it: {}",
        CopyError.forTheLog(notCommitted));
    List<Batch> waiting = part;
    while (true) {
      TransactionStatus status = ask(lost.transaction(), waiting);
      switch (status) {
        case COMMITTED -> {
          committed(waiting, lost.known(), 0);
          return;
        }
        case ABORTED -> {
          failed(waiting, notCommitted, false);
          return;
        }
        case UNKNOWN -> {
          log.warn("The server cannot tell whether {} is committed", lost.transaction());
          retryKeyed(waiting);
          return;
        }
        case IN_PROGRESS -> {
          waiting = withoutExpired(waiting, Outcome.UNKNOWN);
          if (waiting.isEmpty()) {
            log.error("Could not learn in time whether {} is committed", lost.transaction());
            return;
          }
          pause();
        }
      }
    }
  }

  /**
   * The server that answers now has the key if and only if it has the rows, and takes no second
   * one: trying again is asking. Who has no key has nothing to ask by.
   */
  private void retryKeyed(List<Batch> part) {
    List<Batch> keyed = new ArrayList<>();
    for (Batch batch : part) {
      if (batch.key() == null) {
        settle(batch, Outcome.UNKNOWN);
      } else {
        keyed.add(batch);
      }
    }
    inDoubt.addAll(keyed);
    parts.push(keyed);
  }

  /** What became of the transaction; in progress if the database cannot be asked now. */
  private TransactionStatus ask(TransactionId transactionId, List<Batch> waiting) {
    return transactionId.isKnown()
        ? database.status(transactionId, timeToTry(waiting, clock.nanoTime()))
        : TransactionStatus.UNKNOWN;
  }

  /** Leaves the second of two requests with one key for later, when the first one is settled. */
  private List<Batch> distinctKeys(List<Batch> part) {
    if (part.stream().allMatch(batch -> batch.key() == null)) {
      return part;
    }
    Set<IdempotencyKey> keys = new HashSet<>();
    List<Batch> first = new ArrayList<>();
    List<Batch> again = new ArrayList<>();
    for (Batch batch : part) {
      (batch.key() == null || keys.add(batch.key()) ? first : again).add(batch);
    }
    if (!again.isEmpty()) {
      parts.push(again);
    }
    return first;
  }

  private List<Batch> withoutExpired(List<Batch> part) {
    return withoutExpired(part, abandoned ? Outcome.STOPPED : Outcome.UNAVAILABLE);
  }

  private List<Batch> withoutExpired(List<Batch> part, Outcome outcome) {
    long now = clock.nanoTime();
    if (part.stream().noneMatch(batch -> expired(batch, now))) {
      return part;
    }
    List<Batch> left = new ArrayList<>();
    for (Batch batch : part) {
      if (expired(batch, now)) {
        settle(batch, outcome);
      } else {
        left.add(batch);
      }
    }
    return left;
  }

  private boolean expired(Batch batch, long now) {
    return abandoned || now - batch.acceptedNanos() > ackTimeoutNanos;
  }
}
