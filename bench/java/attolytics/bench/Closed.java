package attolytics.bench;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The closed loops: the service beside raw COPY, which is the limit, and beside the ways to insert
 * that it could have taken, with the example's indexes and without.
 */
final class Closed {
  static final String PART = "closed";
  static final String SWEEP = "sweep";
  static final int INDEXES = 4;
  static final int COPY_ROWS = 10_000;

  /** As the service has in a transaction: half of MANY clients' rows, while the others' come. */
  static final int SMALL_COPY_ROWS = 1_280;

  static final int EVENTS = 10;
  static final int LARGE = 100;
  static final int MANY = 256;
  static final int FEWER = 64;
  private static final List<Integer> CONNECTIONS = List.of(1, 16, 64, 256, 1000);
  private static final List<Integer> BODIES = List.of(1, 100);

  private final Rig rig;
  private final Plan plan;
  private final Map<InsertStyle, Served> inserts = new EnumMap<>(InsertStyle.class);

  Closed(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  static Scenario service(int indexes, int events, int connections) {
    return new Scenario(PART, Scenario.SERVICE, indexes, events, connections);
  }

  static Scenario copy(int indexes) {
    return new Scenario(PART, Scenario.COPY, indexes, COPY_ROWS, 1);
  }

  static Scenario insert(InsertStyle style, int indexes) {
    return new Scenario(PART, style.load(), indexes, EVENTS, FEWER);
  }

  /**
   * Measures.
   *
   * @param sweep also other numbers of connections and sizes of bodies
   */
  void run(boolean sweep) throws Exception {
    rig.dropTables();
    rig.results().begin(PART);
    if (sweep) {
      rig.results().begin(SWEEP);
    }
    Served service = rig.service();
    for (InsertStyle style : InsertStyle.values()) {
      inserts.put(style, rig.insertServer(style));
    }
    for (int indexes : new int[] {INDEXES, 0}) {
      if (indexes == 0) {
        rig.dropIndexes();
      }
      measure(service, indexes);
      if (sweep) {
        sweep(service, indexes);
      }
    }
    for (Served each : inserts.values()) {
      rig.stop(each);
    }
    rig.stop(service);
  }

  private void measure(Served service, int indexes) throws Exception {
    Turns turns = new Turns(rig);
    turns.add(service(indexes, EVENTS, MANY), loop(service, EVENTS, MANY), service);
    turns.add(copy(indexes), new RawCopy(rig.server(), COPY_ROWS), null);
    turns.add(
        new Scenario(PART, Scenario.SMALL_COPY, indexes, SMALL_COPY_ROWS, 1),
        new RawCopy(rig.server(), SMALL_COPY_ROWS),
        null);
    turns.add(service(indexes, LARGE, MANY), loop(service, LARGE, MANY), service);
    turns.add(service(indexes, EVENTS, FEWER), loop(service, EVENTS, FEWER), service);
    for (InsertStyle style : InsertStyle.values()) {
      Served server = server(style);
      turns.add(insert(style, indexes), loop(server, EVENTS, FEWER), server);
    }
    turns.take(plan);
  }

  private void sweep(Served service, int indexes) throws Exception {
    Turns turns = new Turns(rig);
    turns.add(
        new Scenario(SWEEP, Scenario.COPY, indexes, COPY_ROWS, 1),
        new RawCopy(rig.server(), COPY_ROWS),
        null);
    addSweep(turns, Scenario.SERVICE, service, indexes);
    if (indexes > 0) {
      for (InsertStyle style : InsertStyle.values()) {
        addSweep(turns, style.load(), server(style), indexes);
      }
    }
    turns.take(plan.shorter());
  }

  private void addSweep(Turns turns, String load, Served server, int indexes) {
    for (int connections : some(CONNECTIONS)) {
      turns.add(
          new Scenario(SWEEP, load, indexes, EVENTS, connections),
          loop(server, EVENTS, connections),
          server);
    }
    for (int events : some(BODIES)) {
      turns.add(
          new Scenario(SWEEP, load, indexes, events, FEWER), loop(server, events, FEWER), server);
    }
  }

  private List<Integer> some(List<Integer> values) {
    return plan.smoke() ? values.subList(0, 1) : values;
  }

  private Served server(InsertStyle style) {
    return Objects.requireNonNull(inserts.get(style));
  }

  private static ClosedLoop loop(Served server, int events, int connections) {
    return new ClosedLoop(server.port(), connections, Events.bodies(events));
  }
}
