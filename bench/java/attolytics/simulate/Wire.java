package attolytics.simulate;

import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.TimeLimits;
import attolytics.simulate.Excuses.Effect;
import attolytics.simulate.Fault.Point;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection in a transaction: lets the server work for the client, within the transaction's
 * limits, and breaks where it has to. Used by the client's task.
 */
final class Wire {
  /** As long as a server needs at most to notice that its client has gone. */
  private static final long MAX_LINGER_MILLIS = 500;

  /** The longest pause before a status is asked for again, and the one before a retry. */
  private static final long PAUSES_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final World world;
  private final Instance instance;
  private final ModelDatabase.Link link;
  private final Backend backend;
  private final TimeLimits limits;
  private final Scheduler scheduler;
  private final Server server;
  private long statementEnd;
  private boolean broken;

  Wire(
      World world, Instance instance, ModelDatabase.Link link, Backend backend, TimeLimits limits) {
    this.world = world;
    this.instance = instance;
    this.link = link;
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
    long end = scheduler.now() + nanos * server.condition().slowness();
    long until = Math.min(end, statementEnd);
    check();
    while (scheduler.now() < until) {
      scheduler.sleepUntil(until);
      check();
    }
    if (end > statementEnd) {
      throw Errors.server(Errors.QUERY_CANCELED);
    }
  }

  private void check() throws SQLException {
    String ended = backend.endedWith();
    if (ended != null && !ended.isEmpty() && !broken) {
      throw Errors.server(ended);
    }
    if (broken || link.isAborted() || ended != null) {
      throw Errors.broken();
    }
  }

  /** Waits for a lock. */
  void waitWhile(BooleanSupplier locked) throws SQLException {
    if (!isReleasedInTime(locked)) {
      throw Errors.server(Errors.LOCK_NOT_AVAILABLE);
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
        throw Errors.server(Errors.QUERY_CANCELED);
      }
      server.awaitRelease(Math.min(lockEnd, statementEnd));
    }
    check();
    return true;
  }

  /** Begins to write to a table, by its number. */
  void useTable(int table) throws SQLException {
    Condition condition = server.condition();
    waitWhile(() -> condition.isLocked(table));
    String brokenWith = condition.brokenWith(table);
    if (brokenWith != null && !RowCopy.isOfRow(brokenWith)) {
      throw Errors.server(brokenWith);
    }
    if (condition.isReadOnly()) {
      throw Errors.server("25006");
    }
    backend.locksTable(table);
  }

  /** Lets a row do what it does. */
  void suffer(Plan.Trouble trouble, @Nullable String context) throws SQLException {
    try {
      work(trouble.nanos() / server.condition().slowness());
    } catch (SQLException e) {
      boolean isTimeout = Errors.QUERY_CANCELED.equals(e.getSQLState());
      throw isTimeout ? Errors.server(Errors.QUERY_CANCELED, context) : e;
    }
    if (trouble.ends()) {
      server.end(backend, "");
      check();
    }
    if (trouble.sqlState() != null) {
      throw Errors.server(trouble.sqlState(), context);
    }
  }

  /** Gets to a point, where it may break. */
  void pass(Point point) throws SQLException {
    check();
    Fault fault = instance.arms().strike(point);
    if (fault != null) {
      world.trace().add(instance.name(), "is struck", fault);
      strike(fault);
    }
  }

  private void strike(Fault fault) throws SQLException {
    switch (fault.kind()) {
      case CUT -> {
        excuse(scheduler.now() + fault.lasting());
        endLater(fault.point() == Point.IN_COMMIT, fault.lasting());
        broken = true;
        throw Errors.broken();
      }
      case SILENCE -> beSilent(fault);
      case ERROR -> fail(fault);
      default -> throw new IllegalStateException("no fault of a connection: " + fault);
    }
  }

  /** What the transaction holds, others wait for; and the writer pauses before it goes on. */
  private void excuse(long untilNanos) {
    long end = untilNanos + PAUSES_NANOS;
    world.excuses().add(Effect.AWAY, Excuses.ALL, scheduler.now(), end);
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
    Excuses.Window window =
        world.excuses().add(Effect.AWAY, Excuses.ALL, scheduler.now(), Long.MAX_VALUE);
    long end = scheduler.now() + fault.lasting();
    if (fault.point() == Point.IN_COMMIT) {
      endLater(true, fault.lasting() / 2);
    } else {
      // Idle, as far as the server knows.
      scheduler.after(limits.totalNanos(), () -> endIfOpen("25P03"));
    }
    while (!link.isAborted() && backend.endedWith() == null && scheduler.now() < end) {
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
    excuse(scheduler.now());
    if (fault.number() == 0) {
      if (sqlState.startsWith("57P")) {
        server.end(backend, sqlState);
      }
      throw Errors.server(sqlState);
    }
    // A proxy's, which has lost the server, or goes on with another session.
    boolean isOfCommit = fault.point() == Point.BEFORE_COMMIT || fault.point() == Point.IN_COMMIT;
    broken = !isOfCommit || fault.lasting() > 0;
    if (broken) {
      excuse(scheduler.now() + fault.lasting());
      endLater(fault.point() == Point.IN_COMMIT, fault.lasting());
    } else if (fault.point() == Point.IN_COMMIT) {
      server.commit(backend);
    }
    throw Errors.proxy(sqlState);
  }

  /** Gets the server's answer to the last statement. */
  void receive() throws SQLException {
    check();
  }

  /** Rolls back, and says what became of the session. */
  Session rollBack() {
    backend.setCommitting(false); // what has failed is not committed any more
    try {
      startStatement();
      if (backend.endedWith() != null) {
        return Session.LOST;
      }
      work(world.draw().micros(50, 500));
      server.abort(backend);
      return server.condition().isReadOnly() ? Session.READ_ONLY : Session.WRITABLE;
    } catch (SQLException e) {
      return Session.LOST;
    }
  }

  boolean isAborted() {
    return link.isAborted();
  }

  /** The client needs it no more. */
  void giveUp() {
    if (!backend.isOpen() || broken) {
      return;
    }
    if (!link.isAborted() && !backend.isCommitting()) {
      server.abort(backend);
    } else {
      long linger = world.draw().millis(0, MAX_LINGER_MILLIS);
      excuse(scheduler.now() + linger);
      endLater(backend.isCommitting() && world.draw().percent(50), linger);
    }
  }
}
