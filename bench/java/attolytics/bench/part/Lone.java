package attolytics.bench.part;

import attolytics.bench.load.ClosedLoop;
import attolytics.bench.load.Events;
import attolytics.bench.load.RawCopy;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;

/** One client that sends a request after the other, beside a lone COPY of as many rows. */
public final class Lone {
  public static final String PART = "lone";
  public static final Scenario SERVICE =
      new Scenario(PART, Scenario.SERVICE, Closed.INDEXES, Closed.EVENTS, 1);
  public static final Scenario COPY =
      new Scenario(PART, Scenario.COPY, Closed.INDEXES, Closed.EVENTS, 1);

  private final Rig rig;
  private final Plan plan;

  public Lone(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  public void run() throws Exception {
    rig.database().dropTables();
    rig.results().begin(PART);
    Served service = rig.service();
    Turns turns = new Turns(rig);
    turns.add(SERVICE, new ClosedLoop(service.port(), 1, Events.bodies(Closed.EVENTS)), service);
    turns.add(COPY, new RawCopy(rig.server(), Closed.EVENTS));
    turns.take(plan);
    rig.stop(service);
  }
}
