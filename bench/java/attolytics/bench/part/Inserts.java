package attolytics.bench.part;

import attolytics.bench.insert.InsertStyle;
import attolytics.bench.load.Load;
import attolytics.bench.load.RawCopy;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import java.util.EnumMap;
import java.util.Map;

/** The service and raw COPY beside the ways to insert that the service could have taken. */
public final class Inserts {
  public static final String PART = "inserts";

  private final Rig rig;
  private final Plan plan;

  public Inserts(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  public static Scenario copy(int indexes) {
    return new Scenario(PART, Scenario.COPY, indexes, Closed.COPY_ROWS, 1);
  }

  private static Scenario scenario(String load, int indexes) {
    return new Scenario(PART, load, indexes, Closed.EVENTS, Closed.FEWER);
  }

  public void run() throws Exception {
    rig.database().dropTables();
    rig.results().begin(PART);
    Served service = rig.service();
    Map<InsertStyle, Served> inserts = new EnumMap<>(InsertStyle.class);
    for (InsertStyle style : InsertStyle.values()) {
      inserts.put(style, rig.insertServer(style));
    }
    for (int indexes : new int[] {Closed.INDEXES, 0}) {
      if (indexes == 0) {
        rig.database().dropIndexes();
      }
      measure(service, inserts, indexes);
    }
    for (Served each : inserts.values()) {
      rig.stop(each);
    }
    rig.stop(service);
  }

  private void measure(Served service, Map<InsertStyle, Served> inserts, int indexes)
      throws Exception {
    Turns turns = new Turns(rig);
    turns.add(copy(indexes), new RawCopy(rig.server(), Closed.COPY_ROWS));
    add(turns, Scenario.SERVICE, service, indexes);
    inserts.forEach((style, server) -> add(turns, style.load(), server, indexes));
    turns.take(plan);
  }

  private static void add(Turns turns, String load, Served server, int indexes) {
    Load loop = Closed.loop(server, Closed.EVENTS, Closed.FEWER);
    turns.add(scenario(load, indexes), loop, server);
  }
}
