package attolytics.torture;

import java.util.EnumSet;
import java.util.Set;

/** What goes wrong. */
enum Fault {
  /** {@code kill -9}, and a restart. */
  KILL(2, ServiceFaults::kill),
  KILL_BOTH(1, ServiceFaults::killBoth),
  /** SIGTERM, or two of them, and a restart. */
  TERMINATE(2, ServiceFaults::terminate),
  /** SIGSTOP, and SIGCONT later. */
  FREEZE(1, ServiceFaults::freeze),
  /** More than the buffers hold, for a moment. */
  FLOOD(1, ServiceFaults::flood),
  /** One client sends nothing but what the database refuses, as fast as it can. */
  POISON_STORM(1, ServiceFaults::poisonStorm),
  /**
   * SIGSTOP while a transaction holds keys and rows, and SIGCONT later; meanwhile the same keys are
   * sent to the other instance.
   */
  FREEZE_LOADED(1, ServiceFaults::freezeLoaded),
  /** Many connections send headers without an end. */
  HEADER_FLOOD(1, ServiceFaults::headerFlood),

  /** A row's trigger raises what a server in trouble would. */
  DECEPTIVE_ROW(2, DeceptiveRows::raise),
  /** The same at the COMMIT. */
  DECEPTIVE_COMMIT(2, DeceptiveRows::defer),
  /** A row's trigger takes a moment, or longer than any answer may. */
  SLOW_ROW(1, DeceptiveRows::doze),
  /** The same at the COMMIT. */
  SLOW_COMMIT(1, DeceptiveRows::putOff),

  /**
   * The database is silent for longer than any request may wait, while more comes than the buffer
   * holds.
   */
  SILENT_FLOOD(1, NetworkFaults::silentFlood),

  /** All connections of an instance to the database. */
  CUT(1, NetworkFaults::cut),
  CUT_IN_COPY(2, NetworkFaults::cutInCopy),
  CUT_BEFORE_COMMIT(2, NetworkFaults::cutBeforeCommit),
  CUT_AFTER_COMMIT(2, NetworkFaults::cutAfterCommit),
  CUT_BEFORE_ANSWER(2, NetworkFaults::cutBeforeAnswer),
  STALL_IN_COPY(1, NetworkFaults::stallInCopy),
  STALL_BEFORE_COMMIT(1, NetworkFaults::stallBeforeCommit),
  STALL_BEFORE_ANSWER(1, NetworkFaults::stallBeforeAnswer),
  /** Nothing goes through on any connection, then all goes on. */
  SILENCE(1, NetworkFaults::silence),
  /** All connections are cut, and new ones are closed at once, for a while. */
  REFUSE_CONNECTIONS(1, NetworkFaults::refuseConnections),
  /** All connections are cut, and new ones hang, for a while. */
  BLACK_HOLE(1, NetworkFaults::blackHole),

  /** PgBouncer ends, by a SIGTERM or a SIGKILL, and is started again. */
  RESTART_POOLER(2, PoolerFaults::restart),
  /** SIGSTOP, and SIGCONT later. */
  FREEZE_POOLER(1, PoolerFaults::freeze),

  TERMINATE_BACKENDS(2, ServerFaults::terminateBackends),
  CANCEL_BACKENDS(1, ServerFaults::cancelBackends),
  /** {@code kill -9} of one: the server ends all others, and recovers. */
  KILL_BACKEND(1, ServerFaults::killBackend),
  FREEZE_BACKENDS(1, ServerFaults::freezeBackends),
  /** Sessions go on, new ones hang. */
  FREEZE_POSTMASTER(1, ServerFaults::freezePostmaster),
  FREEZE_SERVER(1, ServerFaults::freezeServer),
  RESTART(1, ServerFaults::restart),
  CRASH(1, ServerFaults::crash),
  /**
   * A crash while a COMMIT is under way. What the transaction has written may be lost then, and its
   * number be given to another.
   */
  CRASH_AT_COMMIT(2, ServerFaults::crashAtCommit),
  NO_MORE_CONNECTIONS(1, ServerFaults::noMoreConnections),
  /** As after a failover to a standby. */
  READ_ONLY(1, ServerFaults::readOnly),
  DISK_FULL(1, ServerFaults::diskFull),

  DROP_TABLE(1, TableFaults::drop),
  RENAME_TABLE(1, TableFaults::rename),
  REVOKE(1, TableFaults::revoke),
  LOCK_TABLE(2, TableFaults::lock),
  /** The table of Idempotency-Keys: who has none must not feel it. */
  LOCK_KEYS(1, TableFaults::lockKeys),
  /** The table of the events in quarantine: who has no invalid event must not feel it. */
  LOCK_QUARANTINE(1, TableFaults::lockQuarantine),
  /** Another session holds many keys, but not the table. */
  HOLD_KEYS(2, TableFaults::holdKeys),
  DEADLOCK(1, TableFaults::deadlock),

  /** The schema file is corrected, or is as it was, and both instances are told so. */
  RELOAD(3, QuarantineFaults::reload),
  /** As many events are in quarantine as there may be. */
  FILL_QUARANTINE(1, QuarantineFaults::fill),
  /** The time to live of events in quarantine is over. */
  EXPIRE(2, QuarantineFaults::expire),
  /** {@code attolytics replay} by the corrected schema file, beside everything else. */
  REPLAY(2, ReplayFaults::replay),
  /** The same, ended by {@code kill -9}, and another one. */
  REPLAY_KILLED(2, ReplayFaults::kill),
  /** Its connection is cut where it hurts, and it is killed, or goes on. */
  REPLAY_CUT(3, ReplayFaults::cut),
  /** Two at once. */
  REPLAY_TWICE(2, ReplayFaults::twice),
  /** The server is restarted, or crashes, in the middle of it. */
  REPLAY_RESTART(1, ReplayFaults::restart);

  /** They miss where there is none. */
  static final Set<Fault> OF_THE_POOLER = EnumSet.of(RESTART_POOLER, FREEZE_POOLER);

  /** Makes a fault happen, and ends it. */
  @FunctionalInterface
  interface Blow {
    /** False if there was nothing that it could hit. */
    boolean strike(Scene scene, Strike strike) throws Exception;
  }

  private final int weight;

  @SuppressWarnings("ImmutableEnumChecker") // a static method each
  private final Blow blow;

  Fault(int weight, Blow blow) {
    this.weight = weight;
    this.blow = blow;
  }

  /** How often it comes while each of the others comes. */
  int weight() {
    return weight;
  }

  Blow blow() {
    return blow;
  }
}
