package attolytics.bench.part;

import attolytics.bench.load.Load;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import attolytics.bench.rig.Target;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Loads that take turns, A B C A B C …, so that a drift of the machine strikes all of them. */
final class Turns {
  private record Turn(Scenario scenario, Load load, Target target) {}

  private final Rig rig;
  private final List<Turn> turns = new ArrayList<>();

  Turns(Rig rig) {
    this.rig = rig;
  }

  /** Adds a load that a server takes. */
  void add(Scenario scenario, Load load, Served served) {
    add(scenario, load, rig.target(served));
  }

  /** Adds a load that goes to the database itself. */
  void add(Scenario scenario, Load load) {
    add(scenario, load, rig.target(null));
  }

  void add(Scenario scenario, Load load, Target target) {
    turns.add(new Turn(scenario, load, target));
  }

  /** Lets each have its turn, to warm up and then to count, and always on empty tables. */
  void take(Plan plan) throws IOException, SQLException, InterruptedException {
    for (int number = plan.firstRound(); number <= plan.rounds(); number++) {
      double seconds = plan.seconds(number);
      for (Turn turn : turns) {
        rig.measureOnEmpty(turn.scenario, number, turn.load, turn.target, seconds);
        if (plan.smoke() && turn.target.served() != null) {
          turn.target.database().verifyDistinct();
        }
      }
    }
  }
}
