package attolytics.simulate;

import attolytics.simulate.plan.Plan;
import attolytics.simulate.plan.PlanGenerator;
import attolytics.simulate.plan.Shrinker;
import attolytics.simulate.runtime.LogCapture;
import attolytics.simulate.runtime.ThreadPool;
import ch.qos.logback.classic.Level;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Many simulations, one seed after the other, several at a time. */
final class Campaign {
  /** Of a simulation. */
  static final int REQUESTS = 50;

  /** As many have work for a second writer. */
  private static final int ENOUGH_SEEDS = 1_000;

  /** What part of the first writer's work the second one has to have done. */
  private static final double MIN_SHARE = 0.01;

  private final long first;
  private final int seeds;
  private final int requests;
  private final int threads;
  private final boolean keepGoing;
  private final PrintWriter console;
  private final AtomicLong next = new AtomicLong();
  private final Map<String, Integer> found = new TreeMap<>();
  private final Map<String, Long> firstSeeds = new TreeMap<>();
  private final long[] busyNanos = new long[2];
  private volatile boolean stopped;
  private @Nullable Throwable failure;
  private long attempts;

  Campaign(
      long first, int seeds, int requests, int threads, boolean keepGoing, PrintWriter console) {
    this.first = first;
    this.seeds = seeds;
    this.requests = requests;
    this.threads = threads;
    this.keepGoing = keepGoing;
    this.console = console;
  }

  /** Whether nothing was found. */
  boolean run() {
    long start = System.nanoTime();
    try (LogCapture capture = new LogCapture()) {
      capture.begin(Level.ERROR);
      List<Thread> workers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        Thread worker = new Thread(this::work, "simulations-" + i);
        workers.add(worker);
        worker.start();
      }
      for (Thread worker : workers) {
        join(worker);
      }
    }
    if (failure != null) {
      throw new IllegalStateException("a simulation failed", failure);
    }
    if (next.get() >= ENOUGH_SEEDS && busyNanos[1] < MIN_SHARE * busyNanos[0]) {
      found.put("a writer that does nothing", 1);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    long done = Math.min(next.get(), seeds);
    console.printf(
        "seeds %d to %d, %d attempts: %.1f s, %.0f simulations/s, writers were busy for %.0f : %.0f%n",
        first,
        first + done - 1,
        attempts,
        seconds,
        done / seconds,
        100.0 * busyNanos[0] / (busyNanos[0] + busyNanos[1]),
        100.0 * busyNanos[1] / (busyNanos[0] + busyNanos[1]));
    found.forEach(
        (what, count) ->
            console.printf(
                "%s=%d, first with seed %s%n", what, count, firstSeeds.getOrDefault(what, first)));
    firstSeeds.forEach((what, seed) -> printShrunk(PlanGenerator.generate(seed, requests), what));
    return found.isEmpty();
  }

  private static void join(Thread worker) {
    boolean interrupted = false;
    while (worker.isAlive()) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    try (ThreadPool pool = new ThreadPool()) {
      long number = next.getAndIncrement();
      while (number < seeds && !stopped) {
        Simulation.Result result =
            Simulation.run(PlanGenerator.generate(first + number, requests), pool, false);
        take(first + number, result);
        number = next.getAndIncrement();
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private synchronized void fail(Throwable e) {
    failure = e;
    stopped = true;
  }

  private synchronized void take(long seed, Simulation.Result result) {
    attempts += result.attempts();
    if (result.busyNanos().length > 1) {
      busyNanos[0] += result.busyNanos()[0];
      busyNanos[1] += result.busyNanos()[1];
    }
    for (String what : result.findings().kinds()) {
      found.merge(what, 1, Integer::sum);
      firstSeeds.merge(what, seed, Math::min);
      if (!keepGoing) {
        stopped = true;
      }
    }
  }

  /** Prints the smallest plan that finds the same, and what happens in it. */
  private void printShrunk(Plan plan, String what) {
    try (LogCapture capture = new LogCapture();
        ThreadPool pool = new ThreadPool()) {
      capture.begin(Level.INFO);
      console.println("\nseed " + plan.seed() + " finds: " + what + "; shrunk to");
      Shrinker shrinker =
          new Shrinker(smaller -> Simulation.run(smaller, pool, false).findings().has(what));
      Plan small = shrinker.shrink(plan);
      Simulation.Result result = Simulation.run(small, pool, true);
      console.println(small + "\n");
      result.lines().forEach(console::println);
      console.println("\n" + result.findings());
    }
  }
}
