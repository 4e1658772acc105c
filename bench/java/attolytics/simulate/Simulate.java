package attolytics.simulate;

import attolytics.simulate.plan.Plan;
import attolytics.simulate.plan.PlanGenerator;
import attolytics.simulate.runtime.LogCapture;
import attolytics.simulate.runtime.ThreadPool;
import ch.qos.logback.classic.Level;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The simulator as a command: {@code bench/simulate}. */
@Command(
    name = "bench/simulate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description =
        "Simulates two instances' writers and their database, with everything that can go wrong,"
            + " and checks every answer. What is found is shrunk and printed.")
public final class Simulate implements Callable<Integer> {
  @Option(names = "--seeds", description = "How many simulations.")
  private int seeds = 10_000;

  @Option(names = "--seed", description = "The first one; the others follow (default: another).")
  private @Nullable Long seed;

  @Option(names = "--requests", description = "Of each simulation.")
  private int requests = Campaign.REQUESTS;

  @Option(names = "--threads", description = "Simulations at a time.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--trace", description = "Print what happens, for one seed.")
  private boolean trace;

  @Option(names = "--keep-going", description = "Do not stop at the first finding.")
  private boolean keepGoing;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Simulate()).execute(args));
  }

  @Override
  public Integer call() {
    PrintWriter console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    long first = seed == null ? new SecureRandom().nextInt(Integer.MAX_VALUE) : seed;
    if (trace) {
      return printTrace(first, console);
    }
    Campaign campaign = new Campaign(first, seeds, requests, threads, keepGoing, console);
    return campaign.run() ? 0 : 1;
  }

  private int printTrace(long traced, PrintWriter console) {
    Plan plan = PlanGenerator.generate(traced, requests);
    console.println(plan);
    try (LogCapture capture = new LogCapture();
        ThreadPool pool = new ThreadPool()) {
      capture.begin(Level.DEBUG);
      Simulation.Result result = Simulation.run(plan, pool, true);
      result.lines().forEach(console::println);
      console.printf("hash of the trace: %016x%n", result.hash());
      console.println(result.findings());
      return result.findings().isEmpty() ? 0 : 1;
    }
  }
}
