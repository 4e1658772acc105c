package attolytics.simulate.plan;

import attolytics.simulate.workload.Request;
import attolytics.simulate.workload.RowFault;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What arrives and what breaks in a simulation. Times are nanoseconds from its start.
 *
 * @param seed of everything else
 * @param requests that are sent, in any order
 * @param faults in any order
 */
public record Plan(long seed, Setup setup, List<Request> requests, List<Fault> faults) {
  public static final int INSTANCES = 2;

  /**
   * How the instances are set up.
   *
   * @param writers of each instance
   * @param ringRows a power of two
   * @param deferredBytes what deferred requests may take of the buffer
   * @param intervalNanos of flushes, or 0 for none
   * @param pausesPerMille how often a thread is taken off its processor where it looks at the clock
   */
  public record Setup(
      int writers,
      long ackTimeoutNanos,
      int ringRows,
      int flushRows,
      long deferredBytes,
      long intervalNanos,
      int pausesPerMille) {}

  /** Whether there is a row with some kind of fault. */
  public boolean hasRowFault(Predicate<RowFault> kind) {
    return requests.stream().anyMatch(request -> request.hasRowFault(kind));
  }

  /** The same with only some of its requests. */
  Plan withRequests(List<Request> others) {
    return new Plan(seed, setup, List.copyOf(others), faults);
  }

  /** The same with only some of its faults. */
  Plan withFaults(List<Fault> others) {
    return new Plan(seed, setup, requests, List.copyOf(others));
  }

  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    lines.add("seed " + seed + ", " + setup);
    requests.forEach(request -> lines.add(request.toString()));
    faults.forEach(fault -> lines.add(fault.toString()));
    return String.join("\n", lines);
  }
}
