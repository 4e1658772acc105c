package attolytics.simulate;

import attolytics.buffer.IdempotencyKey;
import attolytics.simulate.instance.Instance;
import attolytics.simulate.instance.World;
import attolytics.simulate.oracle.FaultHistory;
import attolytics.simulate.oracle.FaultHistory.Effect;
import attolytics.simulate.plan.Fault;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.server.Server;
import attolytics.simulate.server.ServerFaults;
import attolytics.simulate.workload.ModelTable;
import attolytics.simulate.workload.Request;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Has the faults of a plan happen, and records when they do. */
final class FaultInjector {
  private final World world;
  private final List<Instance> instances;
  private final Scheduler scheduler;
  private final Server server;
  private final FaultHistory history;

  FaultInjector(World world, List<Instance> instances) {
    this.world = world;
    this.instances = instances;
    this.scheduler = world.scheduler();
    this.server = world.server();
    this.history = world.faultHistory();
  }

  void begin() {
    for (Fault fault : world.plan().faults()) {
      scheduler.at(Scheduler.timeOf(fault.nanos()), () -> inject(fault));
    }
  }

  private void inject(Fault fault) {
    world.trace().add("fault", fault.kind().name(), fault.toString());
    Instance instance = instances.get(fault.instance());
    ServerFaults faults = server.faults();
    switch (fault.kind()) {
      case CUT, SILENCE, ERROR -> instance.addConnectionFault(fault);
      case FREEZE -> freeze(instance, fault);
      case KILL -> instance.kill();
      case STOP -> instance.stop(fault.lasting());
      case OUT_OF_MEMORY -> instance.runOutOfMemory();
      case CRASH -> {
        server.endSessions("");
        server.forget();
        goDown(fault, true);
      }
      case FAILOVER -> {
        server.endSessions("");
        server.promote();
        goDown(fault, true);
      }
      case RESTART -> {
        server.endSessions("57P01");
        goDown(fault, false);
      }
      case READ_ONLY -> {
        faults.setReadOnly(true);
        away(fault, () -> faults.setReadOnly(false));
      }
      case REFUSE -> {
        faults.setRefusing(true);
        away(fault, () -> faults.setRefusing(false));
      }
      case SLOW -> {
        faults.setSlowness(fault.number());
        away(fault, () -> faults.setSlowness(1));
      }
      case BREAK_TABLE -> breakTable(fault);
      case LOCK_TABLE -> lockTable(fault);
      case HOLD_KEYS -> holdKeys(fault);
    }
  }

  private void away(Fault fault, Runnable end) {
    recordEffect(fault, Effect.AWAY, FaultHistory.ALL, FaultHistory.ALL);
    scheduler.after(fault.lasting(), end);
  }

  /** Records what is felt from now to the end of the fault. */
  private void recordEffect(Fault fault, Effect effect, int instance, int tables) {
    history.add(effect, instance, tables, scheduler.now(), Scheduler.timeOf(fault.end()));
  }

  private void goDown(Fault fault, boolean crashed) {
    ServerFaults faults = server.faults();
    faults.setDown(true);
    if (crashed) {
      recordEffect(fault, Effect.CRASHED, FaultHistory.ALL, FaultHistory.ALL);
    }
    away(fault, () -> faults.setDown(false));
  }

  /** What it holds, others wait for, until the server ends its idle sessions. */
  private void freeze(Instance instance, Fault fault) {
    instance.freeze(fault.lasting());
    away(fault, () -> {});
    recordEffect(fault, Effect.FROZEN, fault.instance(), FaultHistory.ALL);
    long idle = world.plan().setup().ackTimeoutNanos();
    scheduler.after(Math.min(idle, fault.lasting()), () -> endSessionsOf(instance));
  }

  private void endSessionsOf(Instance instance) {
    if (instance.frozenUntil() > scheduler.now()) {
      server.endSessionsOf(instance.tasks(), "25P03");
    }
  }

  private void breakTable(Fault fault) {
    ServerFaults faults = server.faults();
    faults.setBroken(fault.number(), fault.sqlState());
    recordEffect(fault, Effect.BROKEN, FaultHistory.ALL, 1 << fault.number());
    scheduler.after(fault.lasting(), () -> faults.setBroken(fault.number(), null));
  }

  private void lockTable(Fault fault) {
    long now = scheduler.now();
    long end = Scheduler.timeOf(fault.end());
    if (server.isInUse(fault.number()) && now < end) {
      scheduler.after(TimeUnit.MILLISECONDS.toNanos(1), () -> lockTable(fault));
    } else if (now < end) {
      server.faults().setLocked(fault.number(), true);
      recordEffect(fault, Effect.LOCKED, FaultHistory.ALL, 1 << fault.number());
      scheduler.at(
          end,
          () -> {
            server.faults().setLocked(fault.number(), false);
            server.wakeAll();
          });
    }
  }

  /** Keys of some requests that nobody has claimed. */
  private void holdKeys(Fault fault) {
    Set<IdempotencyKey> held = new HashSet<>();
    for (Request request : world.plan().requests()) {
      IdempotencyKey key = request.idempotencyKey();
      if (key != null
          && request.number() % fault.number() == 0
          && !server.keys().containsKey(key)) {
        held.add(key);
      }
    }
    ServerFaults faults = server.faults();
    faults.setHeld(held, true);
    recordEffect(fault, Effect.HELD, FaultHistory.ALL, 1 << ModelTable.KEY_TABLE);
    scheduler.after(
        fault.lasting(),
        () -> {
          faults.setHeld(held, false);
          server.wakeAll();
        });
  }
}
