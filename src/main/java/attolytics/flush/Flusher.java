package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.flush.CopyTransaction.TimeLimits;
import attolytics.flush.FlushException.Stage;
import attolytics.logging.LogMarkers;
import attolytics.metrics.Metrics;
import attolytics.schema.Table;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles every batch it is given, each exactly once: commits them together if it can, and else
 * takes them apart until only those are refused that the database refuses. Used by one thread, but
 * for {@link #check} and {@link #abandon}.
 *
 * <pre>
 *   flush ──► healthy ──► parts ──► one transaction a part ──► settled
 *                 │         ▲  └── failed: smaller parts ──┘
 *                 │         │
 *                 ├─► suspected: tried after the healthy ones, for no longer than those took
 *                 └─► held: a table or key is locked; tried again every now and then
 * </pre>
 */
final class Flusher {
  private static final Logger log = LoggerFactory.getLogger(Flusher.class);
  private static final long FIRST_BACKOFF = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_BACKOFF = TimeUnit.SECONDS.toNanos(1);

  /** How long all may wait for a lock, and how long for one that was waited for before. */
  private static final int LOCK_MILLIS = 1_000;

  private static final int KNOWN_LOCK_MILLIS = 50;
  private static final long HELD_RETRY = TimeUnit.MILLISECONDS.toNanos(500);

  /** No transaction is given up before, however late its oldest request is. */
  private static final long MIN_ATTEMPT = TimeUnit.SECONDS.toNanos(1);

  private final HikariDataSource database;
  private final CopyTransaction transaction;
  private final Watchdog watchdog = new Watchdog();
  private final long ackTimeoutNanos;
  private final Metrics metrics;

  private final Suspects suspects = new Suspects();
  private final Deque<List<Batch>> parts = new ArrayDeque<>();
  private List<Batch> suspected = new ArrayList<>();
  private List<Batch> held = new ArrayList<>();
  private final Set<Object> locked = new HashSet<>(); // tables and keys of those held

  /** They may be committed already; their keys see to it that they are not committed twice. */
  private final Set<Batch> inDoubt = new HashSet<>();

  private long heldRetryAt;
  private int lockMillis = LOCK_MILLIS;
  private int failures; // of the current flush
  private long backoff = FIRST_BACKOFF;
  private volatile boolean abandoned;
  private volatile long signOfLife = System.nanoTime();
  private volatile @Nullable Thread pausing;

  Flusher(
      HikariDataSource database,
      OutcomeLookup lookup,
      Duration ackTimeout,
      Duration idempotencyTtl,
      Metrics metrics) {
    this.database = database;
    this.transaction =
        new CopyTransaction(database, new KeyClaims(idempotencyTtl), lookup, watchdog);
    this.ackTimeoutNanos = ackTimeout.toNanos();
    this.metrics = metrics;
  }

  /**
   * Settles the batches, or sets some of them aside for {@link #flushAside}. Takes as long as one
   * of them may still wait for its commit.
   */
  void flush(List<Batch> batches) {
    long start = System.nanoTime();
    failures = 0;
    lockMillis = LOCK_MILLIS;
    parts.push(healthy(batches, start));
    while (!parts.isEmpty()) {
      attempt(parts.pop());
    }
    if (hasAside()) {
      flushAside(System.nanoTime() - start);
    }
  }

  /** Whether batches are set aside. */
  boolean hasAside() {
    return !suspected.isEmpty() || !held.isEmpty();
  }

  /** Rows that are set aside. */
  int asideRows() {
    return rows(suspected) + rows(held);
  }

  /** When the oldest of those that are set aside was accepted, or 0 if there is none. */
  long oldestAside() {
    long oldest = 0;
    for (List<Batch> aside : List.of(suspected, held)) {
      for (Batch batch : aside) {
        if (oldest == 0 || batch.acceptedNanos() - oldest < 0) {
          oldest = batch.acceptedNanos();
        }
      }
    }
    return oldest;
  }

  /** How long the next of those that are set aside can wait, in nanoseconds. */
  long untilAside() {
    if (!suspected.isEmpty()) {
      return 0;
    }
    return held.isEmpty() ? Long.MAX_VALUE : Math.max(0, heldRetryAt - System.nanoTime());
  }

  /**
   * Tries those that are set aside and due: at least a part of them, and further ones for about
   * that long.
   */
  void flushAside(long nanos) {
    long now = System.nanoTime();
    long end = now + Math.min(nanos, LAST_BACKOFF);
    if (!held.isEmpty() && (now - heldRetryAt >= 0 || abandoned)) {
      retryHeld();
    }
    if (!suspected.isEmpty()) {
      failures = 0;
      parts.push(suspected);
      suspected = new ArrayList<>();
      do {
        attempt(parts.pop());
      } while (!parts.isEmpty() && (abandoned || System.nanoTime() - end < 0));
      parts.forEach(suspected::addAll);
      parts.clear();
    }
  }

  private void retryHeld() {
    locked.clear();
    lockMillis = KNOWN_LOCK_MILLIS;
    parts.push(held);
    held = new ArrayList<>();
    while (!parts.isEmpty()) {
      attempt(parts.pop());
    }
    lockMillis = LOCK_MILLIS;
  }

  /** Notes that the thread goes on. */
  void beat() {
    signOfLife = System.nanoTime();
  }

  /** When the thread last went on, by {@link System#nanoTime()}. Any thread. */
  long signOfLife() {
    return signOfLife;
  }

  /** Breaks a connection on which the database has been silent for too long. Any thread. */
  void check() {
    if (abandoned) {
      watchdog.breakNow(); // it may just have been opened when all was abandoned
    }
    watchdog.check();
  }

  /** Forgets all batches, whatever state they are in. Nothing is thrown. */
  void forget() {
    parts.clear();
    suspected.clear();
    held.clear();
    locked.clear();
    inDoubt.clear();
  }

  /** Settles from now on whatever is not committed, without another try. Any thread. */
  void abandon() {
    abandoned = true;
    watchdog.breakNow();
    LockSupport.unpark(pausing);
  }

  /** Those that nothing speaks against; the others are set aside. */
  private List<Batch> healthy(List<Batch> batches, long now) {
    List<Batch> healthy = new ArrayList<>(batches.size());
    for (Batch batch : batches) {
      if (isHeld(batch)) {
        held.add(batch);
      } else if (suspects.concern(batch, now)) {
        suspected.add(batch);
      } else {
        healthy.add(batch);
      }
    }
    return healthy;
  }

  private boolean isHeld(Batch batch) {
    if (locked.isEmpty()) {
      return false;
    }
    for (int run = 0; run < batch.runCount(); run++) {
      if (locked.contains(batch.runTable(run))) {
        return true;
      }
    }
    return batch.key() != null && locked.contains(batch.key());
  }

  /** Settles the part, or puts what is to be tried next before the other parts. */
  private void attempt(List<Batch> whole) {
    beat();
    List<Batch> part = distinctKeys(withoutExpired(whole));
    if (part.isEmpty()) {
      return;
    }
    run(part, false);
  }

  private void run(List<Batch> part, boolean byInsert) {
    long start = System.nanoTime();
    TimeLimits limits = new TimeLimits(lockMillis, timeToTry(part, start));
    Map<Batch, Outcome> known;
    try {
      known = byInsert ? transaction.runByInsert(part, limits) : transaction.run(part, limits);
    } catch (CommitLostException e) {
      metrics.flushFailed(Failure.sqlStateClass(e.sql()));
      commitLost(part, e);
      return;
    } catch (FlushException e) {
      metrics.flushFailed(Failure.sqlStateClass(e.sql()));
      failed(part, e);
      return;
    } catch (RuntimeException | Error e) {
      log.error("A flush failed for a reason of our own; its requests learn that nobody knows", e);
      part.forEach(batch -> settle(batch, Outcome.UNKNOWN));
      return;
    }
    committed(part, known, System.nanoTime() - start);
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
    int rows = 0;
    long bytes = 0;
    for (Batch batch : part) {
      if (known.isEmpty() || !known.containsKey(batch)) {
        rows += batch.rowCount();
        bytes += batch.byteCount();
        for (int run = 0; run < batch.runCount(); run++) {
          metrics.rowsCommitted(batch.runTable(run).name(), batch.runRows(run));
        }
      }
    }
    metrics.flushCommitted(rows, bytes, nanos);
    for (Batch batch : part) {
      settle(batch, known.isEmpty() ? Outcome.STORED : known.getOrDefault(batch, Outcome.STORED));
    }
  }

  private void failed(List<Batch> part, FlushException e) {
    switch (e.stage() == Stage.BEGIN ? Failure.DATABASE : Failure.of(e.sql())) {
      case DATABASE -> retryLater(part, e);
      case BUSY -> busy(part, e);
      case TABLE -> {
        if (e.stage() == Stage.COPY_START || e.stage() == Stage.KEYS) {
          broken(part, e);
        } else {
          isolate(part, e);
        }
      }
      case ROW -> isolate(part, e);
    }
  }

  /** Takes the part apart until the request stands alone whose row the database will not have. */
  private void isolate(List<Batch> part, FlushException e) {
    if (part.size() == 1) {
      refuse(part.get(0), e);
      return;
    }
    failures++;
    int culprit = e.culprit() == null ? -1 : part.indexOf(e.culprit());
    if (culprit < 0) {
      pushHalves(part);
      return;
    }
    List<Batch> rest = part.subList(culprit + 1, part.size());
    if (failures > 1) {
      pushHalves(rest); // there may be many more
    } else {
      parts.push(rest);
    }
    parts.push(part.subList(culprit, culprit + 1)); // on its own, for that to be certain
    parts.push(part.subList(0, culprit));
  }

  private void pushHalves(List<Batch> part) {
    int half = part.size() / 2;
    parts.push(part.subList(half, part.size()));
    parts.push(part.subList(0, half));
  }

  private void refuse(Batch batch, FlushException e) {
    long now = System.nanoTime();
    String state = String.valueOf(e.sql().getSQLState());
    String detail = CopyError.primaryMessage(e.sql());
    if (Failure.of(e.sql()) == Failure.TABLE || isUnknownColumn(e) || lacksPartition(e)) {
      // Not the words: a trigger's may hold what the row does.
      log.warn(
          "A row of {} cannot be written: SQLSTATE {}, see the database's log",
          tableName(e),
          state);
      settle(batch, new Outcome(Outcome.Kind.TABLE_BROKEN, null, e.event()));
    } else {
      boolean conflict = state.equals("23505") || state.equals("23P01");
      suspects.addSource(batch, now);
      settle(
          batch,
          new Outcome(conflict ? Outcome.Kind.CONFLICT : Outcome.Kind.REFUSED, detail, e.event()));
    }
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
    log.warn("{} takes no rows: {}", tableName(e), CopyError.primaryMessage(e.sql()));
    List<Batch> others = new ArrayList<>();
    for (Batch batch : part) {
      if (needs(batch, e.table())) {
        String detail = tableName(e) + " takes no rows";
        settle(batch, new Outcome(Outcome.Kind.TABLE_BROKEN, detail, Outcome.NO_EVENT));
      } else {
        others.add(batch);
      }
    }
    if (e.table() != null) {
      suspects.addTable(e.table(), System.nanoTime());
    }
    parts.push(others);
  }

  /** Whether the batch has rows for the table, or, for null, an Idempotency-Key. */
  private static boolean needs(Batch batch, @Nullable Table table) {
    return table == null ? batch.key() != null : batch.touches(table);
  }

  private static String tableName(FlushException e) {
    return e.table() == null ? "the table of Idempotency-Keys" : "table " + e.table().name();
  }

  /** Somebody holds the table or the key: who needs it has to wait, the others go on. */
  private void busy(List<Batch> part, FlushException e) {
    if (e.stage() == Stage.COMMIT) {
      retryLater(part, e);
      return;
    }
    Predicate<Batch> needs = batch -> needs(batch, e.table());
    List<Batch> others = part.stream().filter(needs.negate()).toList();
    List<Batch> waiting = part.stream().filter(needs).toList();
    boolean isLock = "55P03".equals(e.sql().getSQLState());
    boolean isAway = Failure.isOtherMachine(e.sql());
    parts.push(others);
    if (waiting.size() > 1 && !((isLock || isAway) && e.table() != null)) {
      // Which of them it is, only trying tells; but the wait need not be as long again.
      lockMillis = KNOWN_LOCK_MILLIS;
      pushHalves(waiting);
      return;
    }
    if (hidesItsCause(e)) {
      run(waiting, true);
      return;
    }
    if (isLock || isAway) {
      Object lock = e.table() != null ? e.table() : waiting.get(0).key();
      if (lock != null && locked.add(lock)) {
        log.warn(
            "{} is {}, its requests wait: {}",
            tableName(e),
            isLock ? "locked" : "out of reach",
            CopyError.primaryMessage(e.sql()));
      }
    } else {
      log.warn(
          "{} takes no rows now, trying again: {}",
          tableName(e),
          CopyError.primaryMessage(e.sql()));
    }
    if (held.isEmpty()) {
      heldRetryAt = System.nanoTime() + HELD_RETRY;
    }
    held.addAll(waiting);
  }

  /** Citus tells what another machine said of a COPY, but not with which SQLSTATE. */
  private static boolean hidesItsCause(FlushException e) {
    return e.stage() == Stage.COPY
        && "XX000".equals(e.sql().getSQLState())
        && e.table() != null
        && e.table().distributeBy() != null;
  }

  private void retryLater(List<Batch> part, FlushException e) {
    if (backoff == FIRST_BACKOFF) {
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("The database takes no rows, trying again: {}", CopyError.primaryMessage(e.sql()));
    }
    pause();
    parts.push(part);
  }

  private void pause() {
    beat();
    suspected = withoutExpired(suspected);
    held = withoutExpired(held);
    pausing = Thread.currentThread();
    if (!abandoned) {
      LockSupport.parkNanos(backoff);
    }
    pausing = null;
    backoff = Math.min(2 * backoff, LAST_BACKOFF);
  }

  /** Asks on another connection what became of the COMMIT, as long as a request may wait. */
  private void commitLost(List<Batch> part, CommitLostException lost) {
    log.warn(
        "The COMMIT was not confirmed, asking what became of it: {}",
        CopyError.primaryMessage(lost.sql()));
    List<Batch> waiting = part;
    while (true) {
      TransactionId.Fate fate = ask(lost.transaction(), waiting);
      switch (fate) {
        case COMMITTED -> {
          committed(waiting, lost.known(), 0);
          return;
        }
        case ABORTED -> {
          parts.push(waiting);
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
  private TransactionId.Fate ask(TransactionId transactionId, List<Batch> waiting) {
    if (!transactionId.isKnown()) {
      return TransactionId.Fate.UNKNOWN;
    }
    try (Connection connection = database.getConnection()) {
      long now = System.nanoTime();
      watchdog.watch(connection, now + timeToTry(waiting, now));
      try {
        TransactionId.Fate fate = transactionId.fate(connection);
        connection.rollback();
        return fate;
      } finally {
        if (watchdog.free()) {
          database.evictConnection(connection);
        }
      }
    } catch (SQLException e) {
      log.debug("Could not ask for {}: {}", transactionId, e.getMessage());
      // 22023: the id lies in the future of the server that answers.
      return "22023".equals(e.getSQLState())
          ? TransactionId.Fate.UNKNOWN
          : TransactionId.Fate.IN_PROGRESS;
    }
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
    long now = System.nanoTime();
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

  private static int rows(List<Batch> batches) {
    int rows = 0;
    for (Batch batch : batches) {
      rows += batch.rowCount();
    }
    return rows;
  }
}
