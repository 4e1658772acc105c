package attolytics.bench.part;

import attolytics.bench.load.ClosedLoop;
import attolytics.bench.load.Events;
import attolytics.bench.load.Load;
import attolytics.bench.load.RawCopy;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;

/**
 * The closed loops: the service beside raw COPY, which is the limit, with the example's indexes and
 * without.
 */
public final class Closed {
  public static final String PART = "closed";
  public static final int INDEXES = 4;
  static final int COPY_ROWS = 10_000;

  /** As the service has in a transaction: half of MANY clients' rows, while the others' come. */
  static final int SMALL_COPY_ROWS = 1_280;

  public static final int EVENTS = 10;
  public static final int LARGE = 100;
  public static final int MANY = 256;
  public static final int FEWER = 64;

  private final Rig rig;
  private final Plan plan;

  public Closed(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  public static Scenario service(int indexes, int events, int connections) {
    return new Scenario(PART, Scenario.SERVICE, indexes, events, connections);
  }

  public static Scenario copy(int indexes) {
    return new Scenario(PART, Scenario.COPY, indexes, COPY_ROWS, 1);
  }

  static ClosedLoop loop(Served server, int events, int connections) {
    return new ClosedLoop(server.port(), connections, Events.bodies(events));
  }

  public void run() throws Exception {
    rig.database().dropTables();
    rig.results().begin(PART);
    Served service = rig.service();
    for (int indexes : new int[] {INDEXES, 0}) {
      if (indexes == 0) {
        rig.database().dropIndexes();
      }
      measure(service, indexes);
    }
    rig.stop(service);
  }

  private void measure(Served service, int indexes) throws Exception {
    Turns turns = new Turns(rig);
    add(turns, service, indexes, EVENTS, MANY);
    turns.add(copy(indexes), new RawCopy(rig.server(), COPY_ROWS));
    turns.add(
        new Scenario(PART, Scenario.SMALL_COPY, indexes, SMALL_COPY_ROWS, 1),
        new RawCopy(rig.server(), SMALL_COPY_ROWS));
    add(turns, service, indexes, EVENTS, FEWER);
    add(turns, service, indexes, LARGE, FEWER);
    add(turns, service, indexes, 1, MANY);
    turns.take(plan);
  }

  private static void add(Turns turns, Served service, int indexes, int events, int connections) {
    Load load = loop(service, events, connections);
    turns.add(service(indexes, events, connections), load, service);
  }
}
