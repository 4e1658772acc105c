package attolytics.bench.part;

import attolytics.bench.load.ClosedLoop;
import attolytics.bench.load.Events;
import attolytics.bench.load.ExampleEvents;
import attolytics.bench.load.HttpConnections;
import attolytics.bench.load.Load;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import java.util.List;

/** Thousands of open connections, a part of which has a request on its way, on a small heap. */
public final class Crowd {
  public static final String PART = "crowd";
  static final String IN_FLIGHT = "requests in flight";
  private static final String HEAP = "-Xmx256m";

  private final Rig rig;
  private final Plan plan;

  public Crowd(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  public void run() throws Exception {
    int connections = plan.smoke() ? 500 : 10_000;
    int inFlight = connections / 5;
    rig.database().dropTables();
    rig.results().begin(PART);
    Served service =
        rig.service(
            List.of(),
            ExampleEvents.SCHEMA_FILE,
            List.of(HEAP),
            List.of("--max_connections", Integer.toString(connections + 100)));
    Scenario scenario =
        new Scenario(PART, Scenario.SERVICE, Closed.INDEXES, Closed.EVENTS, connections)
            .with(IN_FLIGHT, inFlight);
    Load load =
        new ClosedLoop(
            HttpConnections.local(service.port()),
            connections,
            inFlight,
            Events.bodies(Closed.EVENTS));
    rig.measureOnEmpty(scenario, 1, load, rig.target(service), plan.rounds() * plan.seconds());
    rig.stop(service);
  }
}
