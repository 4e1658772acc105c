package attolytics.simulate;

import ch.qos.logback.classic.Level;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Takes away of a plan whatever a finding can do without. */
final class Shrinker {
  private final Plan plan;
  private final String what;

  /**
   * @param what is found with the plan
   */
  Shrinker(Plan plan, String what) {
    this.plan = plan;
    this.what = what;
  }

  /** Prints the smallest plan, and what happens in it. */
  void print(PrintWriter console) {
    try (LogWatch watch = new LogWatch();
        Crew crew = new Crew()) {
      watch.begin(Level.INFO);
      console.println("\nseed " + plan.seed() + " finds: " + what + "; shrunk to");
      Plan small = shrink(crew);
      Simulation.Result result = Simulation.run(small, crew, true);
      console.println(small + "\n");
      result.lines().forEach(console::println);
      console.println("\n" + result.findings());
    }
  }

  /** The smallest plan with the finding. */
  Plan shrink(Crew crew) {
    Plan small = plan;
    boolean smaller = true;
    while (smaller) {
      Plan before = small;
      small = without(small, small.faults(), before::withFaults, crew);
      Plan fewerFaults = small;
      small = without(small, small.requests(), fewerFaults::withRequests, crew);
      small = withoutRows(small, crew);
      smaller = !small.equals(before);
    }
    return small;
  }

  /** First without halves of them, then without ever smaller parts. */
  private <T> Plan without(Plan plan, List<T> all, Function<List<T>, Plan> with, Crew crew) {
    Plan small = plan;
    List<T> left = all;
    for (int size = Math.max(1, left.size() / 2); size > 0; size /= 2) {
      for (int from = 0; from < left.size(); ) {
        List<T> fewer = new ArrayList<>(left.subList(0, from));
        fewer.addAll(left.subList(Math.min(left.size(), from + size), left.size()));
        Plan candidate = with.apply(fewer);
        if (finds(candidate, crew)) {
          small = candidate;
          left = fewer;
        } else {
          from += size;
        }
      }
    }
    return small;
  }

  private Plan withoutRows(Plan plan, Crew crew) {
    Plan small = plan;
    for (int i = 0; i < small.requests().size(); i++) {
      Plan.Request request = small.requests().get(i);
      for (int row = request.rows().size() - 1; row >= 0 && request.rows().size() > 1; row--) {
        Plan.Request fewer = request.withoutRow(row);
        List<Plan.Request> requests = new ArrayList<>(small.requests());
        requests.set(i, fewer);
        Plan candidate = small.withRequests(requests);
        if (finds(candidate, crew)) {
          small = candidate;
          request = fewer;
        }
      }
    }
    return small;
  }

  private boolean finds(Plan plan, Crew crew) {
    return Simulation.run(plan, crew, false).findings().has(what);
  }
}
