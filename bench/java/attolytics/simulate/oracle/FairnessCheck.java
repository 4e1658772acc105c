package attolytics.simulate.oracle;

import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.TimeLimits;
import attolytics.simulate.plan.Plan;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.ModelTable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the transactions of one writer may cost the requests that it does not write meanwhile. */
public final class FairnessCheck {
  /** A retry of a slow row that took as long is the last one for a while. */
  private static final long LONG_RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Others come first for as long as the retry took, and at most for this long. */
  private static final long MAX_REST_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** A statement of a flush may take longer than a second only where no other request expires. */
  private static final long MIN_STATEMENT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int STATEMENTS_PER_ACK_TIMEOUT = 8;

  /** Of each wait for a lock, while requests wait for another attempt. */
  private static final int MAX_KNOWN_LOCK_MILLIS = 160;

  /** A thread may have been off its processor since it looked at the clock. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Scheduler scheduler;
  private final long ackTimeout;
  private final Findings findings;
  private final Set<Attempt> written = new LinkedHashSet<>();
  private final Set<Attempt> slow = new HashSet<>(); // alone

  /** Those that the lock on a table has stopped, if it did so the last time. */
  private final List<Set<Attempt>> stopped = new ArrayList<>();

  /** The same, and those that a table did not accept for another reason that may pass. */
  private final List<Set<Attempt>> held = new ArrayList<>();

  /** Those of the last claims that have failed as one of them was locked. */
  private final Set<String> lockedKeys = new HashSet<>();

  /** Whether the table of keys has stopped the last requests that needed it. */
  private boolean isKeyTableStopped;

  /** Those that wait for another attempt since they took too long, alone. */
  private final Set<Attempt> waiting = new HashSet<>();

  private boolean hasHeld; // requests that may be tried with the others again
  private long restsUntil;

  public FairnessCheck(Scheduler scheduler, Plan.Setup setup, Findings findings) {
    this.scheduler = scheduler;
    this.ackTimeout = setup.ackTimeoutNanos();
    this.findings = findings;
    this.restsUntil = scheduler.now();
    for (int table = 0; table < ModelTable.values().length; table++) {
      stopped.add(new HashSet<>());
      held.add(new HashSet<>());
    }
  }

  /**
   * Judges a transaction that is about to write these.
   *
   * @param since when the writer asked for it
   */
  public void begins(List<Attempt> attempts, TimeLimits limits, long since) {
    for (Attempt other : written) {
      if (isBeside(other, attempts) && mayOutlast(limits, since, other)) {
        findings.add("a statement may outlast the time of another request", other);
      }
    }
    if (isRetryOfSlow(attempts) && since < restsUntil) {
      findings.add("a slow row is retried without a rest", attempts.get(0));
    }
    if (!hasHeld
        && limits.lockMillis() > MAX_KNOWN_LOCK_MILLIS
        && waiting.stream().anyMatch(other -> isBeside(other, attempts))) {
      findings.add("long waits for locks while requests wait", attempts);
    }
    for (int table = 0; table < stopped.size(); table++) {
      if (isKnownToBeLocked(table, attempts) && touching(table, attempts).size() > 1) {
        findings.add("a table is tried that is known to be locked", attempts);
      }
    }
    written.addAll(attempts);
  }

  private boolean mayOutlast(TimeLimits limits, long since, Attempt other) {
    long usual = Math.max(MIN_STATEMENT_NANOS, ackTimeout / STATEMENTS_PER_ACK_TIMEOUT);
    long end = since + limits.statementNanos();
    return limits.statementNanos() > usual && end > other.from() + ackTimeout + PAUSE_NANOS;
  }

  /** This writer, or another one, has failed in the middle of what it did, and begins again. */
  public void fails() {
    restsUntil = Math.min(restsUntil, scheduler.now()); // the other writer rests on
  }

  private boolean isRetryOfSlow(List<Attempt> attempts) {
    return attempts.size() == 1 && slow.contains(attempts.get(0));
  }

  /** Whether others wait for the lock: they are retried one by one. */
  private boolean isKnownToBeLocked(int table, List<Attempt> attempts) {
    return stopped.get(table).stream()
        .anyMatch(other -> isBeside(other, attempts) && !mayWaitForAnother(table, other));
  }

  /** A request waits for one thing at a time: if it needs several, perhaps not for this one. */
  private boolean mayWaitForAnother(int table, Attempt attempt) {
    String key = attempt.request().key();
    if (key != null && (isKeyTableStopped || lockedKeys.contains(key))) {
      return true;
    }
    for (int other = 0; other < stopped.size(); other++) {
      if (other != table
          && attempt.needs(other)
          && held.get(other).stream().anyMatch(Attempt::isPending)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBeside(Attempt other, List<Attempt> attempts) {
    return other.isPending() && !attempts.contains(other);
  }

  private static List<Attempt> touching(int table, List<Attempt> attempts) {
    return attempts.stream().filter(attempt -> attempt.needs(table)).toList();
  }

  /**
   * Notes how it ended.
   *
   * @param failure or null; null as well if the connection broke
   * @param broken whether the connection broke
   */
  public void ends(
      List<Attempt> attempts, @Nullable FlushException failure, boolean broken, long since) {
    long now = scheduler.now();
    boolean isRepeatedAtOnce = failure != null && failure.hidesItsCause(); // by INSERT
    if (isRetryOfSlow(attempts) && !isRepeatedAtOnce && now - since >= LONG_RETRY_NANOS) {
      restsUntil = now + Math.min(now - since, MAX_REST_NANOS);
    }
    attempts.forEach(waiting::remove);
    noteKeys(attempts.stream().filter(Attempt::hasKey).toList(), failure);
    if (failure != null && isHeld(failure)) {
      hasHeld = true;
    } else if (failure != null && failure.isTimeout() && attempts.size() == 1) {
      slow.addAll(attempts);
      waiting.addAll(attempts);
    }
    for (int table = 0; table < stopped.size(); table++) {
      List<Attempt> touching = touching(table, attempts);
      if (failure != null && isRefusedBy(table, failure)) {
        held.get(table).addAll(touching);
      } else if (!touching.isEmpty() && !broken && settlesOne(attempts, failure)) {
        held.get(table).clear();
      } else {
        held.get(table).removeAll(touching); // others wait on
      }
      if (failure != null && failure.isTimeout() && isRefusedBy(table, failure)) {
        stopped.get(table).addAll(touching);
      } else if (!touching.isEmpty() && !stopped.get(table).isEmpty()) {
        stopped.get(table).clear();
        int free = table;
        forget(attempt -> attempt.needs(free));
      }
    }
  }

  private static boolean settlesOne(List<Attempt> attempts, @Nullable FlushException failure) {
    return failure == null
        || (failure.kind() == Kind.ROW
            && attempts.size() == 1
            && !attempts.get(0).request().isLenient());
  }

  /**
   * What these were stopped by is free: the writer tries them. They stay in {@link #held}, as they
   * may have to wait for another table that has refused them.
   */
  private void forget(Predicate<Attempt> waited) {
    stopped.forEach(attempts -> attempts.removeIf(waited));
  }

  private void noteKeys(List<Attempt> keyed, @Nullable FlushException failure) {
    List<String> keys = keyed.stream().map(attempt -> attempt.request().key()).toList();
    if (failure == null || failure.stage() != Stage.KEYS) {
      // A claim whose rows then fail does not show the writer that others would not wait.
      boolean isKeyTableFree = failure == null && isKeyTableStopped && !keyed.isEmpty();
      isKeyTableStopped &= !isKeyTableFree;
      List<String> free = keys.stream().filter(lockedKeys::remove).toList();
      forget(
          attempt ->
              attempt.hasKey() && (isKeyTableFree || free.contains(attempt.request().key())));
      return;
    }
    keys.forEach(lockedKeys::remove);
    if (failure.isTimeout()) {
      lockedKeys.addAll(keys);
    }
    if (keyed.size() > 1 || !failure.isTimeout()) { // else its own key may be the reason
      isKeyTableStopped = true;
    }
  }

  /** Whether its requests wait for a table, or for keys. */
  private static boolean isHeld(FlushException failure) {
    return failure.stage() == Stage.COPY_START || failure.stage() == Stage.KEYS;
  }

  private static boolean isRefusedBy(int table, FlushException failure) {
    return failure.stage() == Stage.COPY_START
        && failure.kind() == Kind.TRANSIENT
        && failure.table() != null
        && ModelTable.numberOf(failure.table()) == table;
  }

  /** How long ago another request has arrived, of all that the writer has written. */
  public long quietNanos(Attempt lone) {
    long now = scheduler.now();
    return written.stream()
        .filter(attempt -> attempt != lone)
        .mapToLong(attempt -> now - attempt.from())
        .min()
        .orElse(now);
  }
}
