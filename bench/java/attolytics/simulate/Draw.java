package attolytics.simulate;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Pseudorandom choices from a seed, the same with every version of Java: SplitMix64.
 *
 * @see <a href="https://doi.org/10.1145/2714064.2660195">Fast splittable pseudorandom number
 *     generators</a>
 */
final class Draw {
  private long state;

  Draw(long seed) {
    state = seed;
  }

  /** One of the bits of a number mixed with all others. */
  static long mix(long bits) {
    long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  long next() {
    state += 0x9E3779B97F4A7C15L;
    return mix(state);
  }

  /** From 0 to below the bound. */
  int below(int bound) {
    return (int) Long.remainderUnsigned(next(), bound);
  }

  /** From one number to another, both included. */
  long between(long from, long to) {
    return from + Long.remainderUnsigned(next(), to - from + 1);
  }

  /** A time between two, mostly closer to the first. */
  long micros(long from, long to) {
    return TimeUnit.MICROSECONDS.toNanos(between(from, between(from, to)));
  }

  /** A time between two, mostly closer to the first. */
  long millis(long from, long to) {
    return micros(1000 * from, 1000 * to);
  }

  boolean percent(int percent) {
    return below(100) < percent;
  }

  <T> T of(List<T> choices) {
    return choices.get(below(choices.size()));
  }

  @SafeVarargs
  final <T> T of(T... choices) {
    return choices[below(choices.length)];
  }
}
