package attolytics.simulate.plan;

import attolytics.simulate.workload.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/** Takes away of a plan what it can do without and still fail. */
public final class Shrinker {
  private final Predicate<Plan> fails;

  /**
   * @param fails whether a simulation of a plan shows what the plan is to show
   */
  public Shrinker(Predicate<Plan> fails) {
    this.fails = fails;
  }

  /** The smallest plan that fails, of a plan that does. */
  public Plan shrink(Plan plan) {
    Plan small = plan;
    boolean smaller = true;
    while (smaller) {
      Plan before = small;
      small = without(small, small.faults(), before::withFaults);
      Plan fewerFaults = small;
      small = without(small, small.requests(), fewerFaults::withRequests);
      small = withoutRows(small);
      smaller = !small.equals(before);
    }
    return small;
  }

  /** First without halves of them, then without ever smaller parts. */
  private <T> Plan without(Plan plan, List<T> all, Function<List<T>, Plan> with) {
    Plan small = plan;
    List<T> left = all;
    for (int size = Math.max(1, left.size() / 2); size > 0; size /= 2) {
      for (int from = 0; from < left.size(); ) {
        List<T> fewer = new ArrayList<>(left.subList(0, from));
        fewer.addAll(left.subList(Math.min(left.size(), from + size), left.size()));
        Plan candidate = with.apply(fewer);
        if (fails.test(candidate)) {
          small = candidate;
          left = fewer;
        } else {
          from += size;
        }
      }
    }
    return small;
  }

  private Plan withoutRows(Plan plan) {
    Plan small = plan;
    for (int i = 0; i < small.requests().size(); i++) {
      Request request = small.requests().get(i);
      for (int row = request.rows().size() - 1; row >= 0 && request.rows().size() > 1; row--) {
        Request fewer = request.withoutRow(row);
        List<Request> requests = new ArrayList<>(small.requests());
        requests.set(i, fewer);
        Plan candidate = small.withRequests(requests);
        if (fails.test(candidate)) {
          small = candidate;
          request = fewer;
        }
      }
    }
    return small;
  }
}
