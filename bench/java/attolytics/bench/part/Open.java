package attolytics.bench.part;

import attolytics.bench.load.ClosedLoop;
import attolytics.bench.load.Events;
import attolytics.bench.load.Load;
import attolytics.bench.load.OpenLoop;
import attolytics.bench.result.Median;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import java.util.ArrayList;
import java.util.List;

/** Open loops: latencies at rates that do not give way, as parts of what the service can take. */
public final class Open {
  public static final String PART = "open";
  public static final String TRICKLE_PART = "trickle";
  public static final String PERCENT = "percent of capacity";
  private static final String RATE = "requests a second";
  private static final int TRICKLE = 2_000;
  private static final int[] PERCENTS = {10, 25, 50, 75, 90};

  /** The closed loop that tells the capacity. */
  static final Scenario CAPACITY =
      new Scenario(PART, Scenario.SERVICE, Closed.INDEXES, Closed.EVENTS, Closed.MANY);

  private final Rig rig;
  private final Plan plan;

  public Open(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  private static Scenario percent(int percent) {
    return CAPACITY.with(PERCENT, percent);
  }

  /** One-event requests. */
  public static Scenario trickle() {
    return new Scenario(TRICKLE_PART, Scenario.SERVICE, Closed.INDEXES, 1, Closed.MANY)
        .with(RATE, TRICKLE);
  }

  /**
   * Measures.
   *
   * @param percents also at parts of the capacity
   */
  public void run(boolean percents) throws Exception {
    rig.database().dropTables();
    rig.results().begin(TRICKLE_PART);
    Served service = rig.service();
    Turns turns = new Turns(rig);
    turns.add(trickle(), loop(service, TRICKLE, 1), service);
    turns.take(plan.longer());
    if (percents) {
      percents(service);
    }
    rig.stop(service);
  }

  private void percents(Served service) throws Exception {
    rig.results().begin(PART);
    double capacity = capacity(service);
    Turns turns = new Turns(rig);
    for (int percent : PERCENTS) {
      turns.add(percent(percent), loop(service, capacity * percent / 100, Closed.EVENTS), service);
    }
    turns.take(plan);
  }

  /** In requests a second, of now: the machine drifts. */
  private double capacity(Served service) throws Exception {
    List<Round> rounds = new ArrayList<>();
    Load load = new ClosedLoop(service.port(), Closed.MANY, Events.bodies(Closed.EVENTS));
    for (int number = plan.firstRound(); number <= plan.rounds(); number++) {
      Round round =
          rig.measureOnEmpty(CAPACITY, number, load, rig.target(service), plan.seconds(number));
      if (number > 0) {
        rounds.add(round);
      }
    }
    return Median.of(rounds, Round::requestsPerSecond).median();
  }

  private static OpenLoop loop(Served service, double rate, int events) {
    return new OpenLoop(service.port(), Closed.MANY, rate, Events.bodies(events));
  }
}
