package attolytics.bench.part;

import attolytics.bench.load.Body;
import attolytics.bench.load.ClosedLoop;
import attolytics.bench.load.Events;
import attolytics.bench.load.ExampleEvents;
import attolytics.bench.load.Load;
import attolytics.bench.load.RawCopy;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** How the cost goes with whatever may grow: a few seconds each, a new service for each. */
public final class Growth {
  public static final String PART = "growth";

  /** What may grow, and how far. */
  public enum Dimension {
    COLUMNS("columns", 5, 20, 50, 200),
    TABLES("tables", 1, 10, 100, 500),
    APPS("apps", 1, 100, 10_000),
    CONNECTIONS("connections", 10, 100, 1_000, 4_000, 10_000),
    ROWS("million rows in the table", 0, 1, 3),
    WRITERS("writers", 1, 2, 4),
    CORES("cores", 1, 2);

    private final String label;

    @SuppressWarnings("ImmutableEnumChecker") // List.of is
    private final List<Integer> values;

    Dimension(String label, Integer... values) {
      this.label = label;
      this.values = List.of(values);
    }

    /** What it is called in results. */
    public String label() {
      return label;
    }

    private List<Integer> values(boolean smoke) {
      return smoke ? List.of(values.get(1)) : values;
    }
  }

  /** Where nothing else grows. */
  private static final GrowthSchema USUAL = new GrowthSchema(1, 7, 1);

  private static final int MILLION = 1_000_000;
  private static final int SMOKE_MILLION = 20_000;
  private static final int BODIES = 1_000;

  private final Rig rig;
  private final Plan plan;
  private final Path schemaFile;

  /**
   * @param schemaFile where schemas are written
   */
  public Growth(Rig rig, Plan plan, Path schemaFile) {
    this.rig = rig;
    this.plan = plan;
    this.schemaFile = schemaFile;
  }

  public void run() throws Exception {
    rig.results().begin(PART);
    for (Dimension dimension : Dimension.values()) {
      for (int value : dimension.values(plan.smoke())) {
        rig.database().dropTables();
        switch (dimension) {
          case COLUMNS -> schema(dimension, value, new GrowthSchema(1, value, 1));
          case TABLES -> schema(dimension, value, new GrowthSchema(value, USUAL.columns(), 1));
          case APPS -> schema(dimension, value, new GrowthSchema(1, USUAL.columns(), value));
          case CONNECTIONS -> connections(dimension, value);
          case ROWS -> rows(dimension, value);
          case WRITERS -> example(dimension, value, "--writers", Integer.toString(value));
          case CORES -> cores(dimension, value);
        }
      }
    }
  }

  private void schema(Dimension dimension, int value, GrowthSchema schema) throws Exception {
    schema.write(schemaFile);
    Served service = rig.service(List.of(), schemaFile, List.of(), List.of());
    List<Body> bodies = schema.bodies(Math.max(BODIES, schema.apps()), Closed.EVENTS);
    Load load = new ClosedLoop(service.port(), Closed.FEWER, bodies);
    measure(scenario(dimension, value, 0, Closed.FEWER), load, service);
  }

  private void connections(Dimension dimension, int value) throws Exception {
    int room = Math.max(value, Closed.FEWER) + 100;
    Served service = rig.service("--max_connections", Integer.toString(room));
    Load load = new ClosedLoop(service.port(), value, Events.bodies(Closed.EVENTS));
    measure(scenario(dimension, value, Closed.INDEXES, value), load, service);
  }

  private void rows(Dimension dimension, int value) throws Exception {
    Served service = rig.service();
    long rows = (long) value * (plan.smoke() ? SMOKE_MILLION : MILLION);
    new RawCopy(rig.server(), Closed.COPY_ROWS).fill(rows);
    measureExample(dimension, value, service);
  }

  private void example(Dimension dimension, int value, String... options) throws Exception {
    measureExample(dimension, value, rig.service(options));
  }

  /** All three share them: the load, the service and the server. */
  private void cores(Dimension dimension, int value) throws Exception {
    int all = Runtime.getRuntime().availableProcessors();
    if (value > all || !Cores.canBeGiven()) {
      rig.console().println("no measurement with " + value + " cores on this machine");
      return;
    }
    long[] pids = {rig.server().pid(), ProcessHandle.current().pid()};
    try {
      give(pids, value);
      measureExample(
          dimension,
          value,
          rig.service(Cores.prefix(value), ExampleEvents.SCHEMA_FILE, List.of(), List.of()));
    } finally {
      give(pids, all);
    }
  }

  private static void give(long[] pids, int cores) throws IOException, InterruptedException {
    for (long pid : pids) {
      Cores.give(pid, cores);
    }
  }

  private void measureExample(Dimension dimension, int value, Served service) throws Exception {
    Load load = new ClosedLoop(service.port(), Closed.FEWER, Events.bodies(Closed.EVENTS));
    measure(scenario(dimension, value, Closed.INDEXES, Closed.FEWER), load, service);
  }

  /** On the tables as they are. */
  private void measure(Scenario scenario, Load load, Served service) throws Exception {
    for (int number = plan.firstRound(); number <= plan.rounds(); number++) {
      rig.measure(scenario, number, load, rig.target(service), plan.seconds(number));
    }
    rig.stop(service);
  }

  private static Scenario scenario(Dimension dimension, int value, int indexes, int connections) {
    return new Scenario(PART, Scenario.SERVICE, indexes, Closed.EVENTS, connections)
        .with(dimension.label, value);
  }
}
