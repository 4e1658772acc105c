package attolytics.simulate.server;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.runtime.Task;
import attolytics.simulate.runtime.Trace;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model of PostgreSQL: tables with unique indexes, the table of Idempotency-Keys, locks, and
 * transactions with ids. What is committed outlasts everything.
 */
public final class Server {
  /** An Idempotency-Key. Its row is locked by the open transaction that inserted or found it. */
  public static final class Key {
    private final byte[] fingerprint;
    private final Attempt attempt;
    private @Nullable String answer;
    private @Nullable Backend lockedBy;
    private boolean committed;

    private Key(byte[] fingerprint, Attempt attempt, @Nullable String answer, Backend by) {
      this.fingerprint = fingerprint;
      this.attempt = attempt;
      this.answer = answer;
      lockedBy = by;
    }

    public byte[] fingerprint() {
      return fingerprint;
    }

    /** That claimed it. */
    public Attempt attempt() {
      return attempt;
    }

    /** Whether it is there for the request, and not for another one under the same key. */
    public boolean isOf(Request request) {
      return attempt.request().number() == request.number();
    }

    public @Nullable String answer() {
      return answer;
    }

    public boolean isCommitted() {
      return committed;
    }
  }

  private final Scheduler scheduler;
  private final Trace trace;
  private final Map<Long, List<WrittenRow>> rows = new HashMap<>();
  private final Map<Long, @Nullable Backend> values = new HashMap<>(); // null once committed
  private final Map<IdempotencyKey, Key> keys = new LinkedHashMap<>();
  private final Map<Long, TransactionStatus> transactions = new HashMap<>();
  private final List<Backend> backends = new ArrayList<>();
  private final List<Task> waiting = new ArrayList<>();
  private final ServerFaults faults = new ServerFaults();
  private int timeline = 1;
  private long nextXid = 1000;
  private long lastCommitted = 999;
  private long statisticsSince;

  public Server(Scheduler scheduler, Trace trace) {
    this.scheduler = scheduler;
    this.trace = trace;
    this.statisticsSince = scheduler.now() - 1;
  }

  public ServerFaults faults() {
    return faults;
  }

  /** Begins a transaction. */
  public Backend begin(Task client) {
    Backend backend = new Backend(nextXid++, client);
    transactions.put(backend.xid(), TransactionStatus.UNDECIDED);
    backends.add(backend);
    return backend;
  }

  public TransactionId idOf(Backend backend) {
    return new TransactionId(
        Long.toString(backend.xid()), "0000000" + timeline, scheduler.now() / 1e9);
  }

  /** What it answers when it is asked for the status of a transaction. */
  public TransactionStatus status(TransactionId id) {
    long xid = Long.parseLong(id.xid());
    boolean isKnown = id.timeline().equals("0000000" + timeline) && xid < nextXid;
    TransactionStatus status =
        isKnown
            ? transactions.getOrDefault(xid, TransactionStatus.ABORTED)
            : TransactionStatus.UNKNOWN;
    boolean isOurs = statisticsSince / 1e9 < id.began();
    return status == TransactionStatus.COMMITTED && !isOurs ? TransactionStatus.UNKNOWN : status;
  }

  public void commit(Backend backend) {
    if (!backend.isOpen()) {
      return;
    }
    trace.add("server", "commits", backend.xid());
    for (WrittenRow row : backend.rows()) {
      rows.computeIfAbsent(row.id(), each -> new ArrayList<>(1)).add(row);
    }
    backend.values().forEach(value -> values.put(value, null));
    for (IdempotencyKey key : backend.keys()) {
      keyOf(key).committed = true;
      keyOf(key).lockedBy = null;
    }
    lastCommitted = Math.max(lastCommitted, backend.xid());
    close(backend, TransactionStatus.COMMITTED);
  }

  /** Ends its transaction, if it is open. */
  public void abort(Backend backend) {
    if (!backend.isOpen()) {
      return;
    }
    trace.add("server", "aborts", backend.xid());
    backend.values().forEach(values::remove);
    for (IdempotencyKey key : backend.keys()) {
      keyOf(key).lockedBy = null;
      keys.computeIfPresent(key, (each, known) -> known.committed ? known : null);
    }
    close(backend, TransactionStatus.ABORTED);
  }

  private void close(Backend backend, TransactionStatus status) {
    backend.close();
    backends.remove(backend);
    transactions.put(backend.xid(), status);
    wakeAll();
  }

  private Key keyOf(IdempotencyKey key) {
    Key known = keys.get(key);
    if (known == null) {
      throw new IllegalStateException(key + " has vanished");
    }
    return known;
  }

  /** Ends all sessions, as a stop and a crash do. Every other COMMIT has been done by then. */
  public void endSessions(String sqlState) {
    for (Backend backend : List.copyOf(backends)) {
      if (backend.isCommitting() && backend.xid() % 2 == 0) {
        commit(backend);
      }
      end(backend, sqlState);
    }
  }

  /** Ends the sessions of some clients. */
  public void endSessionsOf(List<Task> clients, String sqlState) {
    for (Backend backend : List.copyOf(backends)) {
      if (clients.contains(backend.client())) {
        end(backend, sqlState);
      }
    }
  }

  /** Ends a session. */
  public void end(Backend backend, String sqlState) {
    abort(backend);
    backend.end(sqlState);
    backend.client().wake();
  }

  /** After a crash, ids that had not reached the disk are assigned again. */
  public void forget() {
    nextXid = lastCommitted + 1;
    transactions.keySet().removeIf(xid -> xid >= nextXid);
    statisticsSince = scheduler.now();
  }

  /** Another server takes over. */
  public void promote() {
    forget();
    timeline++;
  }

  /** Waits until something is released, or for something else to happen to the task. */
  public void awaitRelease(long untilNanos) {
    waiting.add(scheduler.task());
    try {
      scheduler.sleepUntil(untilNanos);
    } finally {
      waiting.remove(scheduler.task());
    }
  }

  /** Lets those look again who wait for something that others have. */
  public void wakeAll() {
    List.copyOf(waiting).forEach(Task::wake);
  }

  /** Whether another open transaction has the key, or another session holds it. */
  public boolean isLocked(IdempotencyKey key, Backend by) {
    Key known = keys.get(key);
    return faults.isHeld(key) || (known != null && known.lockedBy != null && known.lockedBy != by);
  }

  /** The key, if it is there already; else it is claimed. Its row is locked in either case. */
  public @Nullable Key claim(IdempotencyKey key, Attempt attempt, Backend by) {
    Key known = keys.get(key);
    if (known != null) {
      known.lockedBy = by;
      by.keys().add(key);
      return known;
    }
    Batch batch = attempt.batch();
    String answer = batch.lenient() == null ? null : batch.lenient().answer(batch.duplicates());
    keys.put(key, new Key(key.fingerprint(), attempt, answer, by));
    by.keys().add(key);
    return null;
  }

  public void updateAnswer(IdempotencyKey key, String answer) {
    keyOf(key).answer = answer;
  }

  /** Whether another open transaction has inserted the value. */
  public boolean isLocked(long value, Backend by) {
    Backend owner = values.get(value);
    return owner != null && owner != by;
  }

  /** Inserts a value; false if it is there already. */
  public boolean insert(long value, Backend by) {
    if (values.containsKey(value)) {
      return false;
    }
    values.put(value, by);
    by.values().add(value);
    return true;
  }

  /** Whether a transaction has a lock on the table. */
  public boolean isInUse(int table) {
    return backends.stream().anyMatch(backend -> backend.hasLocked(table));
  }

  /** What is committed of a row. */
  public List<WrittenRow> stored(long id) {
    return rows.getOrDefault(id, List.of());
  }

  public boolean isCommitted(long value) {
    return values.containsKey(value) && values.get(value) == null;
  }

  public Map<Long, List<WrittenRow>> rows() {
    return rows;
  }

  /** All keys that are there, those of open transactions, too. */
  public Map<IdempotencyKey, Key> keys() {
    return keys;
  }

  public boolean isIdle() {
    return backends.isEmpty();
  }
}
