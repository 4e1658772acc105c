package attolytics.torture;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Which faults come when, by the seed. They come in waves, so that what is hurt can be seen to heal
 * in between; and as cards are dealt from a deck, so that none is left out for long.
 */
final class Schedule {
  private static final int MIN_STRIKES = 4;
  private static final int MAX_STRIKES = 12;
  private static final int WAVE_MILLIS = 6_000;
  private static final int MIN_MILLIS = 200;
  private static final int MAX_MILLIS = 7_000;

  private final Random random;
  private final List<Fault> deck = new ArrayList<>();

  Schedule(long seed) {
    random = new Random(seed);
  }

  /** The next wave's faults. */
  List<Strike> wave() {
    List<Strike> wave = new ArrayList<>();
    int strikes = MIN_STRIKES + random.nextInt(MAX_STRIKES - MIN_STRIKES + 1);
    for (int i = 0; i < strikes; i++) {
      wave.add(
          new Strike(
              draw(),
              random.nextInt(WAVE_MILLIS),
              random.nextInt(Scene.INSTANCES),
              random.nextInt(Database.TABLES.size()),
              millis(random.nextDouble()),
              random.nextDouble(),
              random.nextBoolean()));
    }
    return wave;
  }

  /** More short ones than long ones. */
  private static long millis(double dice) {
    return MIN_MILLIS + (long) (dice * dice * (MAX_MILLIS - MIN_MILLIS));
  }

  private Fault draw() {
    if (deck.isEmpty()) {
      for (Fault fault : Fault.values()) {
        deck.addAll(Collections.nCopies(fault.weight(), fault));
      }
      Collections.shuffle(deck, random);
    }
    return deck.remove(deck.size() - 1);
  }
}
