package attolytics.simulate.runtime;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Pseudorandom choices from a seed, the same with every version of Java: SplitMix64.
 *
 * @see <a href="https://doi.org/10.1145/2714064.2660195">Fast splittable pseudorandom number
 *     generators</a>
 */
public final class DeterministicRandom {
  private long state;

  public DeterministicRandom(long seed) {
    state = seed;
  }

  /** One of the bits of a number mixed with all others. */
  public static long mix(long bits) {
    long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  public long next() {
    state += 0x9E3779B97F4A7C15L;
    return mix(state);
  }

  /** From 0 to below the bound. */
  public int below(int bound) {
    return (int) Long.remainderUnsigned(next(), bound);
  }

  /** From one number to another, both included. */
  public long between(long from, long to) {
    return from + Long.remainderUnsigned(next(), to - from + 1);
  }

  /** A time between two, mostly closer to the first. */
  public long micros(long from, long to) {
    return TimeUnit.MICROSECONDS.toNanos(between(from, between(from, to)));
  }

  /** A time between two, mostly closer to the first. */
  public long millis(long from, long to) {
    return micros(1000 * from, 1000 * to);
  }

  public boolean percent(int percent) {
    return below(100) < percent;
  }

  public <T> T of(List<T> choices) {
    return choices.get(below(choices.size()));
  }

  @SafeVarargs
  public final <T> T of(T... choices) {
    return choices[below(choices.length)];
  }
}
