package attolytics.simulate;

import java.io.PrintWriter;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the simulations of a campaign have found so far: prints that a kind of finding is there as
 * soon as it is, how far the campaign is now and then, and all in all at its end. Thread-safe.
 */
final class CampaignReport {
  /** Progress is printed ten times, but not more often than this, and at least as often as that. */
  private static final int MIN_STEP = 1_000;

  private static final int MAX_STEP = 100_000;

  /** As many have work for a second writer. */
  private static final int ENOUGH_SEEDS = 1_000;

  /** What part of the first writer's work the second one has to have done. */
  private static final double MIN_SHARE = 0.01;

  private final long first;
  private final int seeds;
  private final int step;
  private final PrintWriter console;
  private final long start = System.nanoTime();
  private final Map<String, Integer> found = new TreeMap<>();
  private final Map<String, Long> firstSeeds = new TreeMap<>();
  private final long[] busyNanos = new long[2];
  private int done;
  private int findings;
  private long attempts;

  /**
   * @param first seed
   * @param seeds how many there will be
   */
  CampaignReport(long first, int seeds, PrintWriter console) {
    this.first = first;
    this.seeds = seeds;
    this.step = Math.min(MAX_STEP, Math.max(MIN_STEP, seeds / 10));
    this.console = console;
  }

  /** Adds the result of a simulation. */
  synchronized void add(long seed, Simulation.Result result) {
    done++;
    attempts += result.attempts();
    if (result.busyNanos().length > 1) {
      busyNanos[0] += result.busyNanos()[0];
      busyNanos[1] += result.busyNanos()[1];
    }
    result.findings().kinds().forEach(what -> add(seed, what));
    if (done % step == 0 && done < seeds) {
      console.printf("%d of %d seeds, %.0f s, findings: %d%n", done, seeds, seconds(), findings);
    }
  }

  private void add(long seed, String what) {
    findings++;
    found.merge(what, 1, Integer::sum);
    if (firstSeeds.merge(what, seed, Math::min) == seed) {
      console.printf("seed %d finds: %s%n", seed, what);
    }
  }

  private double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Prints all of it, once nothing is added any more. */
  synchronized void print() {
    if (done >= ENOUGH_SEEDS && busyNanos[1] < MIN_SHARE * busyNanos[0]) {
      found.put("a writer that does nothing", 1);
    }
    console.printf(
        "seeds %d to %d, %d attempts: %.1f s, %.0f simulations/s, writers were busy for %.0f : %.0f%n",
        first,
        first + done - 1,
        attempts,
        seconds(),
        done / seconds(),
        100.0 * busyNanos[0] / (busyNanos[0] + busyNanos[1]),
        100.0 * busyNanos[1] / (busyNanos[0] + busyNanos[1]));
    found.forEach(
        (what, count) ->
            console.printf(
                "%s=%d, first with seed %s%n", what, count, firstSeeds.getOrDefault(what, first)));
  }

  synchronized boolean isEmpty() {
    return found.isEmpty();
  }

  /** The first seed of each kind of finding. */
  synchronized Map<String, Long> firstSeeds() {
    return new TreeMap<>(firstSeeds);
  }
}
