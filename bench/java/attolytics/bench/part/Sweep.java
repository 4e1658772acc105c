package attolytics.bench.part;

import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The service with other numbers of connections, sizes of bodies, and writers. */
public final class Sweep {
  public static final String PART = "sweep";
  private static final List<Integer> CONNECTIONS = List.of(1, 16, 64, 256, 1000, 4000);
  private static final List<Integer> BODIES = List.of(1, 100);
  private static final List<Integer> WRITERS = List.of(1, 2, 4);

  private final Rig rig;
  private final Plan plan;

  public Sweep(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  public void run() throws Exception {
    rig.database().dropTables();
    rig.results().begin(PART);
    Map<String, Served> services = new LinkedHashMap<>();
    for (int writers : some(WRITERS)) {
      String load = writers == 1 ? "1 writer" : writers + " writers";
      services.put(load, rig.service("--writers", Integer.toString(writers)));
    }
    for (int indexes : new int[] {Closed.INDEXES, 0}) {
      if (indexes == 0) {
        rig.database().dropIndexes();
      }
      Turns turns = new Turns(rig);
      services.forEach((load, service) -> add(turns, load, service, indexes));
      turns.take(plan.shorter());
    }
    for (Served service : services.values()) {
      rig.stop(service);
    }
  }

  private void add(Turns turns, String load, Served service, int indexes) {
    for (int connections : some(CONNECTIONS)) {
      add(turns, load, service, indexes, Closed.EVENTS, connections);
    }
    for (int events : some(BODIES)) {
      add(turns, load, service, indexes, events, Closed.FEWER);
    }
  }

  private static void add(
      Turns turns, String load, Served service, int indexes, int events, int connections) {
    turns.add(
        new Scenario(PART, load, indexes, events, connections),
        Closed.loop(service, events, connections),
        service);
  }

  private List<Integer> some(List<Integer> values) {
    return plan.smoke() ? values.subList(0, 1) : values;
  }
}
