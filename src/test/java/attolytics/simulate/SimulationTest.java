package attolytics.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.simulate.plan.Plan;
import attolytics.simulate.plan.PlanGenerator;
import attolytics.simulate.runtime.LogCapture;
import attolytics.simulate.runtime.ThreadPool;
import ch.qos.logback.classic.Level;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Some of the simulations; {@code bench/simulate} runs more. */
@Timeout(600)
class SimulationTest {
  /** Fewer for mutation testing, which runs them again for many a mutant. */
  private static final int SEEDS = Integer.getInteger("attolytics.simulate.seeds", 10_000);

  @Test
  void manySeeds_findNothing() {
    StringWriter said = new StringWriter();
    int threads = Runtime.getRuntime().availableProcessors();
    Campaign campaign =
        new Campaign(1, SEEDS, Campaign.REQUESTS, threads, false, new PrintWriter(said, true));
    assertTrue(campaign.run(), said::toString);
  }

  @Test
  void seed_repeatsExactly() {
    try (LogCapture capture = new LogCapture();
        ThreadPool pool = new ThreadPool();
        ThreadPool otherPool = new ThreadPool()) {
      capture.begin(Level.INFO);
      for (long seed = 1; seed <= SEEDS / 200; seed++) {
        Plan plan = PlanGenerator.generate(seed, Campaign.REQUESTS);
        Simulation.Result first = Simulation.run(plan, pool, true);
        Simulation.Result second = Simulation.run(plan, otherPool, true);
        assertEquals(first.lines(), second.lines());
        assertEquals(first.hash(), second.hash());
        assertEquals(first.hash(), Simulation.run(plan, pool, false).hash());
      }
    }
  }
}
