package attolytics.bench.part;

import attolytics.bench.load.Body;
import attolytics.bench.load.ClosedLoop;
import attolytics.bench.load.Events;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import java.util.List;

/** What lenient handling costs, with events that go to quarantine and without. */
public final class InvalidEvents {
  public static final String PART = "lenient";
  static final String PERCENT = "percent invalid";
  static final String STRICT = "strict";
  public static final String LENIENT = "lenient";
  static final List<Integer> EVENTS = List.of(Closed.EVENTS, Closed.LARGE);

  /** As many as one percent. */
  private static final int INVALID_EVERY = 100;

  private final Rig rig;
  private final Plan plan;

  public InvalidEvents(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  public static Scenario scenario(String handling, int events, int percent) {
    return new Scenario(PART, handling, Closed.INDEXES, events, Closed.MANY).with(PERCENT, percent);
  }

  public void run() throws Exception {
    rig.database().dropTables();
    rig.results().begin(PART);
    Served service = rig.service();
    Turns turns = new Turns(rig);
    for (int events : EVENTS) {
      add(turns, scenario(STRICT, events, 0), service, Events.bodies(events));
      add(turns, scenario(LENIENT, events, 0), service, Events.lenientBodies(events, 0));
      add(
          turns,
          scenario(LENIENT, events, 1),
          service,
          Events.lenientBodies(events, INVALID_EVERY));
    }
    turns.take(plan);
    rig.stop(service);
    rig.database().dropTables();
  }

  private static void add(Turns turns, Scenario scenario, Served service, List<Body> bodies) {
    turns.add(scenario, new ClosedLoop(service.port(), Closed.MANY, bodies), service);
  }
}
