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
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Many simulations, one seed after the other, several at a time. */
final class Campaign {
  /** Of a simulation. */
  static final int REQUESTS = 50;

  private final long first;
  private final int seeds;
  private final int requests;
  private final int threads;
  private final boolean keepGoing;
  private final PrintWriter console;
  private final CampaignReport report;
  private final AtomicLong next = new AtomicLong();
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;

  Campaign(
      long first, int seeds, int requests, int threads, boolean keepGoing, PrintWriter console) {
    this.first = first;
    this.seeds = seeds;
    this.requests = requests;
    this.threads = threads;
    this.keepGoing = keepGoing;
    this.console = console;
    this.report = new CampaignReport(first, seeds, console);
  }

  /** Whether nothing was found. */
  boolean run() {
    try (LogCapture capture = new LogCapture()) {
      capture.begin(Level.ERROR);
      List<Thread> workers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        Thread worker = new Thread(this::work, "simulations-" + i);
        workers.add(worker);
        worker.start();
      }
      workers.forEach(Campaign::join);
    }
    if (failure != null) {
      throw new IllegalStateException("a simulation failed", failure);
    }
    report.print();
    report
        .firstSeeds()
        .forEach((what, seed) -> printShrunk(PlanGenerator.generate(seed, requests), what));
    return report.isEmpty();
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
        long seed = first + number;
        Simulation.Result result =
            Simulation.run(PlanGenerator.generate(seed, requests), pool, false);
        report.add(seed, result);
        if (!keepGoing && !result.findings().isEmpty()) {
          stopped = true;
        }
        number = next.getAndIncrement();
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      stopped = true;
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
