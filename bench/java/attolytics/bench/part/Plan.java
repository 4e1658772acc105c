package attolytics.bench.part;

/**
 * How much is measured.
 *
 * @param rounds that count, of each load
 * @param seconds a round
 * @param warmup seconds of each load before its first round, if any
 * @param smoke whether it is only to be shown that all this works
 */
public record Plan(int rounds, double seconds, double warmup, boolean smoke) {
  /** Zero, which warms up, or else one. */
  int firstRound() {
    return warmup > 0 ? 0 : 1;
  }

  /** Of the round with that number. */
  double seconds(int number) {
    return number == 0 ? warmup : seconds;
  }

  /** For what many points are measured of. */
  Plan shorter() {
    return new Plan((rounds + 1) / 2, seconds / 2, warmup / 3, smoke);
  }

  /** For loads that each get a server of their own, which has yet to be compiled. */
  public Plan shorterButWarm() {
    return new Plan((rounds + 1) / 2, seconds / 2, warmup, smoke);
  }

  /** For what happens seldom, such as the slowest requests. */
  Plan longer() {
    return new Plan(rounds, 2 * seconds, warmup, smoke);
  }
}
