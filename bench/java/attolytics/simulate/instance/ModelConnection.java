package attolytics.simulate.instance;

import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.TimeLimits;
import attolytics.simulate.oracle.FaultHistory;
import attolytics.simulate.oracle.FaultHistory.Effect;
import attolytics.simulate.plan.Fault;
import attolytics.simulate.plan.Fault.Point;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.server.Backend;
import attolytics.simulate.server.Server;
import attolytics.simulate.server.ServerFaults;
import attolytics.simulate.workload.RowFault;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection in a transaction: lets the server work for the client, within the transaction's
 * limits, and breaks where it has to. Used by the client's task.
 */
final class ModelConnection {
  /** As long as a server needs at most to notice that its client has gone. */
  private static final long MAX_LINGER_MILLIS = 500;

  /** The longest pause before a status is asked for again, and the one before a retry. */
  private static final long PAUSES_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final World world;
  private final Instance instance;
  private final ModelDatabase.Watch watch;
  private final Backend backend;
  private final TimeLimits limits;
  private final Scheduler scheduler;
  private final Server server;
  private long statementEnd;
  private boolean broken;

  ModelConnection(
      World world,
      Instance instance,
      ModelDatabase.Watch watch,
      Backend backend,
      TimeLimits limits) {
    this.world = world;
    this.instance = instance;
    this.watch = watch;
    this.backend = backend;
    this.limits = limits;
    this.scheduler = world.scheduler();
    this.server = world.server();
  }

  /** The statement timeout counts from here. */
  void startStatement() {
    statementEnd = scheduler.now() + limits.statementNanos();
  }

  /** The COMMIT begins, for which there is no statement timeout. */
  void startCommit() {
    statementEnd = Long.MAX_VALUE;
    backend.setCommitting(true);
  }

  /** Lets the server work for a time. */
  void work(long nanos) throws SQLException {
    long end = scheduler.now() + nanos * server.faults().slowness();
    long until = Math.min(end, statementEnd);
    check();
    while (scheduler.now() < until) {
      scheduler.sleepUntil(until);
      check();
    }
    if (end > statementEnd) {
      throw DriverErrors.server(DriverErrors.QUERY_CANCELED);
    }
  }

  /** Fails if it is broken, or the server has ended the session. */
  void check() throws SQLException {
    String ended = backend.endedWith();
    if (ended != null && !ended.isEmpty() && !broken) {
      throw DriverErrors.server(ended);
    }
    if (broken || watch.isAborted() || ended != null) {
      throw DriverErrors.broken();
    }
  }

  /** Waits for a lock. */
  void waitWhile(BooleanSupplier locked) throws SQLException {
    if (!isReleasedInTime(locked)) {
      throw DriverErrors.server(DriverErrors.LOCK_NOT_AVAILABLE);
    }
  }

  /** The same; false if it is still locked at the lock timeout. */
  boolean isReleasedInTime(BooleanSupplier locked) throws SQLException {
    long lockEnd = scheduler.now() + TimeUnit.MILLISECONDS.toNanos(limits.lockMillis());
    while (locked.getAsBoolean()) {
      check();
      if (scheduler.now() >= lockEnd) {
        return false;
      }
      if (scheduler.now() >= statementEnd) {
        throw DriverErrors.server(DriverErrors.QUERY_CANCELED);
      }
      server.awaitRelease(Math.min(lockEnd, statementEnd));
    }
    check();
    return true;
  }

  /** Begins to write to a table, by its number. */
  void useTable(int table) throws SQLException {
    ServerFaults faults = server.faults();
    waitWhile(() -> faults.isLocked(table));
    String brokenWith = faults.brokenWith(table);
    if (brokenWith != null && !ModelCopy.isOfRow(brokenWith)) {
      throw DriverErrors.server(brokenWith);
    }
    if (faults.isReadOnly()) {
      throw DriverErrors.server("25006");
    }
    backend.locksTable(table);
  }

  /** Lets a row do what it does. */
  void suffer(RowFault fault, @Nullable String context) throws SQLException {
    try {
      work(fault.nanos() / server.faults().slowness());
    } catch (SQLException e) {
      boolean isTimeout = DriverErrors.QUERY_CANCELED.equals(e.getSQLState());
      throw isTimeout ? DriverErrors.server(DriverErrors.QUERY_CANCELED, context) : e;
    }
    if (fault.ends()) {
      server.end(backend, "");
      check();
    }
    if (fault.sqlState() != null) {
      throw DriverErrors.server(fault.sqlState(), context);
    }
  }

  /** Gets to a point, where it may break. */
  void pass(Point point) throws SQLException {
    check();
    Fault fault = instance.connectionFaults().strike(point);
    if (fault != null) {
      world.trace().add(instance.name(), "is struck", fault.toString());
      strike(fault);
    }
  }

  private void strike(Fault fault) throws SQLException {
    switch (fault.kind()) {
      case CUT -> {
        recordAway(scheduler.now() + fault.lasting());
        endLater(fault.point() == Point.IN_COMMIT, fault.lasting());
        broken = true;
        throw DriverErrors.broken();
      }
      case SILENCE -> beSilent(fault);
      case ERROR -> fail(fault);
      default -> throw new IllegalStateException("no fault of a connection: " + fault);
    }
  }

  /** What the transaction holds, others wait for; and the writer pauses before it goes on. */
  private void recordAway(long untilNanos) {
    long end = untilNanos + PAUSES_NANOS;
    world.faultHistory().add(Effect.AWAY, FaultHistory.ALL, scheduler.now(), end);
  }

  private void endLater(boolean commit, long nanos) {
    scheduler.after(
        nanos,
        () -> {
          if (commit) {
            server.commit(backend);
          } else {
            server.abort(backend);
          }
        });
  }

  private void beSilent(Fault fault) throws SQLException {
    FaultHistory.Window window =
        world.faultHistory().add(Effect.AWAY, FaultHistory.ALL, scheduler.now(), Long.MAX_VALUE);
    long end = scheduler.now() + fault.lasting();
    if (fault.point() == Point.IN_COMMIT) {
      endLater(true, fault.lasting() / 2);
    } else {
      // Idle, as far as the server knows.
      scheduler.after(limits.totalNanos(), () -> endIfOpen("25P03"));
    }
    while (!watch.isAborted() && backend.endedWith() == null && scheduler.now() < end) {
      scheduler.sleepUntil(end);
    }
    window.end(scheduler.now() + PAUSES_NANOS);
    check();
  }

  private void endIfOpen(String sqlState) {
    if (backend.isOpen()) {
      server.end(backend, sqlState);
    }
  }

  private void fail(Fault fault) throws SQLException {
    String sqlState = String.valueOf(fault.sqlState());
    recordAway(scheduler.now());
    if (fault.number() == 0) {
      if (sqlState.startsWith("57P")) {
        server.end(backend, sqlState);
      }
      throw DriverErrors.server(sqlState);
    }
    // A proxy's, which has lost the server, or goes on with another session.
    boolean isOfCommit = fault.point() == Point.BEFORE_COMMIT || fault.point() == Point.IN_COMMIT;
    broken = !isOfCommit || fault.lasting() > 0;
    if (broken) {
      recordAway(scheduler.now() + fault.lasting());
      endLater(fault.point() == Point.IN_COMMIT, fault.lasting());
    } else if (fault.point() == Point.IN_COMMIT) {
      server.commit(backend);
    }
    throw DriverErrors.proxy(sqlState);
  }

  /** Rolls back, and says what became of the session. */
  Session rollBack() {
    backend.setCommitting(false); // what has failed is not committed any more
    try {
      startStatement();
      if (backend.endedWith() != null) {
        return Session.LOST;
      }
      work(world.random().micros(50, 500));
      server.abort(backend);
      return server.faults().isReadOnly() ? Session.READ_ONLY : Session.WRITABLE;
    } catch (SQLException e) {
      return Session.LOST;
    }
  }

  boolean isAborted() {
    return watch.isAborted();
  }

  /** The client needs it no more. */
  void giveUp() {
    if (!backend.isOpen() || broken) {
      return;
    }
    if (!watch.isAborted() && !backend.isCommitting()) {
      server.abort(backend);
    } else {
      long linger = world.random().millis(0, MAX_LINGER_MILLIS);
      recordAway(scheduler.now() + linger);
      endLater(backend.isCommitting() && world.random().percent(50), linger);
    }
  }
}
