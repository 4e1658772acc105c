package attolytics.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Loads that take turns, A B C A B C …, so that a drift of the machine strikes all of them. */
final class Turns {
  private record Turn(Scenario scenario, Load load, @Nullable Served served) {}

  private final Rig rig;
  private final List<Turn> turns = new ArrayList<>();

  Turns(Rig rig) {
    this.rig = rig;
  }

  /**
   * Adds a load.
   *
   * @param served the server that takes it, or null if it goes to the database
   */
  void add(Scenario scenario, Load load, @Nullable Served served) {
    turns.add(new Turn(scenario, load, served));
  }

  /** Lets each have its turn, to warm up and then to count, and always on empty tables. */
  void take(Plan plan) throws IOException, SQLException, InterruptedException {
    for (int number = plan.firstRound(); number <= plan.rounds(); number++) {
      double seconds = plan.seconds(number);
      for (Turn turn : turns) {
        rig.measureOnEmpty(turn.scenario, number, turn.load, turn.served, seconds);
        if (plan.smoke() && turn.served != null) {
          rig.verifyDistinct();
        }
      }
    }
  }
}
