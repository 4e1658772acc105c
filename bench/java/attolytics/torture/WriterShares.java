package attolytics.torture;

import java.util.Arrays;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * How the writers of an instance share its work, by how long they were busy, over all processes
 * that it is. Used by one thread.
 */
final class WriterShares {
  /** A writer with less does nothing. */
  private static final double MIN_SHARE = 0.01;

  private final double[] past;
  private double[] current;
  private int generation;

  WriterShares(int writers) {
    past = new double[writers];
    current = new double[writers];
  }

  int writers() {
    return past.length;
  }

  /**
   * Takes note of how long each was busy since the process began.
   *
   * @param generation tells the process from those before
   */
  void sample(int generation, double[] busySeconds) {
    if (generation != this.generation) {
      this.generation = generation;
      Arrays.setAll(past, this::busy);
    }
    current = busySeconds;
  }

  private double busy(int writer) {
    return past[writer] + current[writer];
  }

  private double allBusy() {
    return Arrays.stream(past).sum() + Arrays.stream(current).sum();
  }

  boolean isOneIdle() {
    for (int writer = 0; writer < past.length; writer++) {
      if (busy(writer) < MIN_SHARE * allBusy()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "writers were busy for ", " s");
    for (int writer = 0; writer < past.length; writer++) {
      text.add(String.format(Locale.ROOT, "%.1f", busy(writer)));
    }
    return text.toString();
  }
}
