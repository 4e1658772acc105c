package attolytics.simulate.instance;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.LenientRequest;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.FlushDatabase.LockedKeys;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.TimeLimits;
import attolytics.flush.transaction.TransactionId;
import attolytics.schema.Table;
import attolytics.simulate.oracle.FaultHistory;
import attolytics.simulate.oracle.FaultHistory.Effect;
import attolytics.simulate.plan.Fault.Point;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.server.Backend;
import attolytics.simulate.server.Server;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.ModelTable;
import attolytics.simulate.workload.RowFault;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A transaction of a writer on the model of the server. */
final class ModelTransaction implements FlushDatabase.Transaction {
  private final World world;
  private final Instance instance;
  private final ModelDatabase database;
  private final Server server;
  private final ModelConnection connection;
  private final Backend backend;
  private final TransactionId id;
  private final TimeLimits limits;
  private final long since;
  private final List<Batch> claimed = new ArrayList<>();
  private final List<RowFault> deferred = new ArrayList<>();
  private List<Attempt> attempts = List.of();
  private @Nullable FlushException failure;
  private FaultHistory.@Nullable Window alone;
  private boolean usable;

  /**
   * @param since when the writer asked for it
   */
  ModelTransaction(
      World world,
      Instance instance,
      ModelDatabase database,
      ModelDatabase.Watch watch,
      TimeLimits limits,
      long since) {
    this.world = world;
    this.instance = instance;
    this.database = database;
    this.server = world.server();
    this.limits = limits;
    this.since = since;
    this.backend = server.begin(world.scheduler().task());
    this.id = server.idOf(backend);
    this.connection = new ModelConnection(world, instance, watch, backend, limits);
  }

  void begin() throws FlushException {
    try {
      connection.startStatement();
      connection.pass(Point.BEGIN);
      connection.work(world.random().micros(100, 1_000));
    } catch (SQLException e) {
      throw new FlushException(Stage.BEGIN, e);
    }
    world.trace().add(instance.name(), "begins", backend.xid());
  }

  @Override
  public TransactionId id() {
    return id;
  }

  /** The last one of each key, as the statement has them. */
  private static List<Batch> inOrder(List<Batch> batches) {
    Map<IdempotencyKey, Batch> keyed = new TreeMap<>();
    for (Batch batch : batches) {
      if (batch.key() != null) {
        keyed.put(batch.key(), batch);
      }
    }
    return List.copyOf(keyed.values());
  }

  @Override
  public Map<Batch, Outcome> claimKeys(List<Batch> batches) throws FlushException {
    batches.forEach(Batch::resetDuplicates);
    attempts = batches.stream().map(Attempt::of).toList();
    database.fairness().begins(attempts, limits, since);
    recordLone();
    Map<Batch, Outcome> known = new HashMap<>();
    List<Batch> keyed = inOrder(batches);
    try {
      if (!keyed.isEmpty()) {
        connection.startStatement();
        connection.pass(Point.KEYS);
        connection.useTable(ModelTable.KEY_TABLE);
        connection.work(world.random().micros(100, 1_000));
        for (Batch batch : keyed) {
          claim(batch, known);
        }
      }
    } catch (SQLException e) {
      throw failure(new FlushException(Stage.KEYS, e));
    }
    batches.stream().filter(batch -> !known.containsKey(batch)).forEach(claimed::add);
    return known;
  }

  /** A slow row delays others by no more than twice the time between two requests. */
  private void recordLone() {
    Attempt lone = attempts.size() == 1 ? attempts.get(0) : null;
    if (lone != null && lone.request().hasRowFault(RowFault::isSlow)) {
      long now = world.scheduler().now();
      alone =
          world
              .faultHistory()
              .add(
                  Effect.ALONE,
                  instance.number(),
                  now,
                  now + 2 * database.fairness().quietNanos(lone));
    }
  }

  private void claim(Batch batch, Map<Batch, Outcome> known) throws SQLException {
    IdempotencyKey key = batch.key();
    if (key == null) {
      return;
    }
    connection.waitWhile(() -> server.isLocked(key, backend));
    Server.Key before = server.claim(key, Attempt.of(batch), backend);
    if (before != null) {
      boolean same = key.sameRequest(new IdempotencyKey("", "", before.fingerprint()));
      known.put(batch, same ? Outcome.replayed(before.answer()) : Outcome.KEY_REUSED);
    }
  }

  @Override
  public LockedKeys findLockedKeys(List<Batch> keyed, long millis) throws FlushException {
    Scheduler scheduler = world.scheduler();
    List<Batch> keys = inOrder(keyed);
    List<Batch> locked = new ArrayList<>();
    long end = scheduler.now() + millis * 1_000_000;
    int tried = 0;
    try {
      connection.startStatement();
      connection.pass(Point.KEYS);
      connection.useTable(ModelTable.KEY_TABLE);
      while (tried < keys.size() && scheduler.now() < end) {
        Batch batch = keys.get(tried++);
        IdempotencyKey key = batch.key();
        connection.work(world.random().micros(50, 100));
        if (key != null && !connection.isReleasedInTime(() -> server.isLocked(key, backend))) {
          locked.add(batch);
        }
      }
    } catch (SQLException e) {
      throw failure(new FlushException(Stage.KEYS, e));
    }
    server.abort(backend);
    usable = true;
    return new LockedKeys(locked, keys.subList(tried, keys.size()));
  }

  @Override
  public void copy(Table table, List<Batch> batches) throws FlushException {
    write(table, batches, false);
  }

  @Override
  public void insert(Table table, List<Batch> batches) throws FlushException {
    write(table, batches, true);
  }

  private void write(Table table, List<Batch> batches, boolean byInsert) throws FlushException {
    try {
      connection.startStatement();
      connection.pass(Point.COPY_START);
      connection.useTable(ModelTable.numberOf(table));
      connection.work(world.random().micros(100, 2_000));
    } catch (SQLException e) {
      throw failure(new FlushException(Stage.COPY_START, table, null, Outcome.NO_EVENT, e));
    }
    ModelCopy copy = new ModelCopy(world, connection, backend, table, byInsert);
    try {
      copy.run(batches);
    } catch (FlushException e) {
      failure = e;
      throw e;
    } finally {
      deferred.addAll(copy.deferred());
    }
  }

  @Override
  public void commit() throws FlushException {
    updateAnswers();
    Stage stage = Stage.CONSTRAINTS;
    try {
      connection.startStatement();
      connection.work(world.random().micros(100, 500));
      raise(Stage.CONSTRAINTS);
      stage = Stage.COMMIT;
      connection.pass(Point.BEFORE_COMMIT);
      raise(Stage.COMMIT);
      connection.startCommit();
      connection.work(world.random().micros(200, 3_000));
      connection.pass(Point.IN_COMMIT);
      server.commit(backend);
      connection.pass(Point.AFTER_COMMIT);
      connection.check();
    } catch (SQLException e) {
      throw failure(new FlushException(stage, e));
    }
    database.committed();
    usable = true;
  }

  private void updateAnswers() {
    for (Batch batch : claimed) {
      LenientRequest lenient = batch.lenient();
      if (batch.key() != null && lenient != null && batch.duplicates() > 0) {
        server.updateAnswer(batch.key(), lenient.answer(batch.duplicates()));
      }
    }
  }

  /** Has rows fail that fail late. */
  private void raise(Stage stage) throws SQLException {
    for (RowFault fault : deferred) {
      if (fault.stage() == stage) {
        connection.suffer(fault, null);
      }
    }
  }

  private FlushException failure(FlushException e) {
    failure = e;
    world.trace().add(instance.name(), "fails", e.stage() + " " + e.sql().getSQLState());
    return e;
  }

  @Override
  public Session sessionAfterFailure() {
    Session session = connection.rollBack();
    usable = session == Session.WRITABLE;
    return session;
  }

  @Override
  public void close() {
    connection.giveUp();
    database.fairness().ends(attempts, usable ? failure : null, !usable, since);
    if (alone != null) {
      alone.endBy(world.scheduler().now());
    }
    database.release(usable && !connection.isAborted());
  }
}
