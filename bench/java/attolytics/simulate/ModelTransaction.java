package attolytics.simulate;

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
import attolytics.simulate.Excuses.Effect;
import attolytics.simulate.Fault.Point;
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
  private final Wire wire;
  private final Backend backend;
  private final TransactionId id;
  private final TimeLimits limits;
  private final long since;
  private final List<Batch> claimed = new ArrayList<>();
  private final List<Plan.Trouble> deferred = new ArrayList<>();
  private List<Attempt> attempts = List.of();
  private @Nullable FlushException failure;
  private Excuses.@Nullable Window alone;
  private boolean usable;

  /**
   * @param since when the writer asked for it
   */
  ModelTransaction(
      World world,
      Instance instance,
      ModelDatabase database,
      ModelDatabase.Link link,
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
    this.wire = new Wire(world, instance, link, backend, limits);
  }

  void begin() throws FlushException {
    try {
      wire.startStatement();
      wire.pass(Point.BEGIN);
      wire.work(world.draw().micros(100, 1_000));
    } catch (SQLException e) {
      throw new FlushException(Stage.BEGIN, e);
    }
    world.trace().add(instance.name(), "begins", backend.xid());
  }

  @Override
  public TransactionId id() {
    return id;
  }

  private static Attempt attemptOf(Batch batch) {
    if (batch.waiting() instanceof Attempt attempt) {
      return attempt;
    }
    throw new IllegalStateException("a request is written that is settled");
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
    attempts = batches.stream().map(ModelTransaction::attemptOf).toList();
    database.fairness().begins(attempts, limits, since);
    excuseLone();
    Map<Batch, Outcome> known = new HashMap<>();
    List<Batch> keyed = inOrder(batches);
    try {
      if (!keyed.isEmpty()) {
        wire.startStatement();
        wire.pass(Point.KEYS);
        wire.useTable(Excuses.KEY_TABLE);
        wire.work(world.draw().micros(100, 1_000));
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
  private void excuseLone() {
    Attempt lone = attempts.size() == 1 ? attempts.get(0) : null;
    if (lone != null && lone.request().hasTrouble(trouble -> trouble.nanos() > 0)) {
      long now = world.scheduler().now();
      alone =
          world
              .excuses()
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
    wire.waitWhile(() -> server.isLocked(key, backend));
    Server.Key before = server.claim(batch, attemptOf(batch), key, backend);
    if (before != null) {
      boolean same = key.sameBody(new IdempotencyKey("", "", before.fingerprint()));
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
      wire.startStatement();
      wire.pass(Point.KEYS);
      wire.useTable(Excuses.KEY_TABLE);
      while (tried < keys.size() && scheduler.now() < end) {
        Batch batch = keys.get(tried++);
        IdempotencyKey key = batch.key();
        wire.work(world.draw().micros(50, 100));
        if (key != null && !wire.isReleasedInTime(() -> server.isLocked(key, backend))) {
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
      wire.startStatement();
      wire.pass(Point.COPY_START);
      wire.useTable(world.numberOf(table));
      wire.work(world.draw().micros(100, 2_000));
    } catch (SQLException e) {
      throw failure(new FlushException(Stage.COPY_START, table, null, Outcome.NO_EVENT, e));
    }
    RowCopy copy = new RowCopy(world, wire, backend, table, byInsert);
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
      wire.startStatement();
      wire.work(world.draw().micros(100, 500));
      raise(Stage.CONSTRAINTS);
      stage = Stage.COMMIT;
      wire.pass(Point.BEFORE_COMMIT);
      raise(Stage.COMMIT);
      wire.startCommit();
      wire.work(world.draw().micros(200, 3_000));
      wire.pass(Point.IN_COMMIT);
      server.commit(backend);
      wire.pass(Point.AFTER_COMMIT);
      wire.receive();
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
    for (Plan.Trouble trouble : deferred) {
      if (trouble.stage() == stage) {
        wire.suffer(trouble, null);
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
    Session session = wire.rollBack();
    usable = session == Session.WRITABLE;
    return session;
  }

  @Override
  public void close() {
    wire.giveUp();
    database.fairness().ends(attempts, usable ? failure : null, since);
    if (alone != null) {
      alone.endBy(world.scheduler().now());
    }
    database.release(usable && !wire.isAborted());
  }
}
