package attolytics.bench;

/** One client that sends a request after the other, beside a lone COPY of as many rows. */
final class Lone {
  static final String PART = "lone";
  static final Scenario SERVICE =
      new Scenario(PART, Scenario.SERVICE, Closed.INDEXES, Closed.EVENTS, 1);
  static final Scenario COPY = new Scenario(PART, Scenario.COPY, Closed.INDEXES, Closed.EVENTS, 1);

  private final Rig rig;
  private final Plan plan;

  Lone(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  void run() throws Exception {
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
