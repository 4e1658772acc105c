package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.TimeLimits;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** A database whose rows and locks take the time that the test says, or fail as it says. */
final class FakeDatabase implements FlushDatabase {
  static final String LOCK_NOT_AVAILABLE = "55P03";
  static final String QUERY_CANCELED = "57014";

  /**
   * What a row does.
   *
   * @param stage at which: COPY or CONSTRAINTS, or COMMIT
   * @param nanos that it takes
   * @param sqlState that it raises, or null
   * @param kills whether the session is lost then
   */
  record Behaviour(Stage stage, long nanos, @Nullable String sqlState, boolean kills) {}

  final Map<Batch, Behaviour> behaviours = new HashMap<>();
  final Map<Table, Long> lockedUntil = new HashMap<>();
  final Map<IdempotencyKey, Long> keyLockedUntil = new HashMap<>();
  final Set<Table> missing = new HashSet<>();
  final Set<IdempotencyKey> keys = new HashSet<>();

  /** As many keys can be tried in the time that a search for locked ones may take. */
  int keysSearched = Integer.MAX_VALUE;

  /** How many requests each COPY has had rows of. */
  final List<Integer> copies = new ArrayList<>();

  /** How often a row has ended its session. */
  int lostSessions;

  int keySearches;
  int statusQueries;

  /** Before this many transactions, counted from 1, no row fails. */
  int failsFrom;

  /** Called with the number of searches for locked keys so far. */
  IntConsumer afterKeySearch = searches -> {};

  int overdueChecks;
  int aborts;
  long awayUntil;
  boolean confirmsNoCommit;
  TransactionStatus status = TransactionStatus.COMMITTED;
  long statusNanos = TimeUnit.MILLISECONDS.toNanos(1);

  private final FakeClock clock;
  private final long statementNanos = TimeUnit.MILLISECONDS.toNanos(1);
  private long transactions;

  FakeDatabase(FakeClock clock) {
    this.clock = clock;
  }

  @Override
  public Transaction begin(TimeLimits limits) throws FlushException {
    if (awayUntil > clock.nanoTime()) {
      throw new FlushException(Stage.BEGIN, new SQLException("away", "08001"));
    }
    return new FakeTransaction(limits);
  }

  @Override
  public TransactionStatus status(TransactionId transaction, long nanos) {
    statusQueries++;
    clock.advance(statusNanos);
    return status;
  }

  @Override
  public void abortIfOverdue() {
    overdueChecks++;
  }

  @Override
  public void abort() {
    aborts++;
  }

  private static SQLException error(String sqlState) {
    return new PSQLException(
        new ServerErrorMessage("SERROR\0C" + sqlState + "\0Mof the test\0Rroutine\0"));
  }

  private final class FakeTransaction implements Transaction {
    private final TransactionId id = new TransactionId("" + ++transactions, "00000001", 0);
    private final TimeLimits limits;
    private final List<Batch> written = new ArrayList<>();
    private final List<IdempotencyKey> claimed = new ArrayList<>();
    private boolean lost;

    private FakeTransaction(TimeLimits limits) {
      this.limits = limits;
    }

    @Override
    public TransactionId id() {
      return id;
    }

    @Override
    public Map<Batch, Outcome> claimKeys(List<Batch> batches) throws FlushException {
      Map<Batch, Outcome> known = new HashMap<>();
      for (Batch batch : batches) {
        if (batch.key() != null) {
          if (waitFor(keyLockedUntil.getOrDefault(batch.key(), 0L))) {
            throw new FlushException(Stage.KEYS, error(LOCK_NOT_AVAILABLE));
          }
          if (keys.contains(batch.key())) {
            known.put(batch, Outcome.REPLAYED);
          } else {
            claimed.add(batch.key());
          }
        }
      }
      return known;
    }

    @Override
    public LockedKeys findLockedKeys(List<Batch> keyed, long millis) throws FlushException {
      clock.advance(statementNanos);
      keyed.forEach(batch -> Objects.requireNonNull(batch.key(), "a request without a key"));
      int tried = Math.min(keysSearched, keyed.size());
      // It did not get to all of them within its time.
      if (tried < keyed.size()
          && limits.statementNanos() <= TimeUnit.MILLISECONDS.toNanos(millis)) {
        throw new FlushException(Stage.KEYS, error("57014"));
      }
      List<Batch> locked =
          keyed.subList(0, tried).stream()
              .filter(batch -> keyLockedUntil.getOrDefault(batch.key(), 0L) > clock.nanoTime())
              .toList();
      afterKeySearch.accept(++keySearches);
      return new LockedKeys(locked, keyed.subList(tried, keyed.size()));
    }

    /** Whether the lock is not free in time. */
    private boolean waitFor(long until) {
      long wait = Math.max(0, until - clock.nanoTime());
      long limit = TimeUnit.MILLISECONDS.toNanos(limits.lockMillis());
      clock.advance(Math.min(wait, limit));
      return wait > limit;
    }

    @Override
    public void copy(Table table, List<Batch> batches) throws FlushException {
      if (waitFor(lockedUntil.getOrDefault(table, 0L))) {
        throw new FlushException(
            Stage.COPY_START, table, null, Outcome.NO_EVENT, error(LOCK_NOT_AVAILABLE));
      }
      if (missing.contains(table)) {
        throw new FlushException(Stage.COPY_START, table, null, Outcome.NO_EVENT, error("42P01"));
      }
      clock.advance(statementNanos);
      copies.add((int) batches.stream().filter(batch -> batch.touches(table)).count());
      long left = limits.statementNanos();
      for (Batch batch : batches) {
        if (batch.touches(table)) {
          left = apply(Stage.COPY, table, batch, left);
          written.add(batch);
        }
      }
    }

    @Override
    public void insert(Table table, List<Batch> batches) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void commit() throws FlushException {
      clock.advance(statementNanos);
      long left = limits.statementNanos();
      for (Batch batch : written) {
        left = apply(Stage.CONSTRAINTS, null, batch, left);
        left = apply(Stage.COMMIT, null, batch, left);
      }
      if (confirmsNoCommit) {
        confirmsNoCommit = false;
        lost = true;
        throw new FlushException(Stage.COMMIT, new SQLException("lost", "08006"));
      }
      keys.addAll(claimed);
    }

    private long apply(Stage stage, @Nullable Table table, Batch batch, long left)
        throws FlushException {
      Behaviour behaviour = behaviours.get(batch);
      if (behaviour == null || behaviour.stage != stage || transactions < failsFrom) {
        return left;
      }
      clock.advance(Math.min(left, behaviour.nanos));
      String state = behaviour.nanos > left ? QUERY_CANCELED : behaviour.sqlState;
      if (state != null) {
        lost = behaviour.kills;
        lostSessions += lost ? 1 : 0;
        boolean isCopy = stage == Stage.COPY;
        SQLException error = lost ? new SQLException("lost", state) : error(state);
        throw new FlushException(
            stage, table, isCopy && !lost ? batch : null, isCopy ? 0 : Outcome.NO_EVENT, error);
      }
      return left - behaviour.nanos;
    }

    @Override
    public Session sessionAfterFailure() {
      return lost ? Session.LOST : Session.WRITABLE;
    }

    @Override
    public void close() {}
  }
}
