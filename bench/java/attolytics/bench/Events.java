package attolytics.bench;

import java.util.List;

/** The example's events as each load gets them. */
final class Events {
  /** How many different events there are: they come again, with other times. */
  private static final int DIFFERENT = 10_000;

  private Events() {}

  /** Bodies of that many events. */
  static List<Body> bodies(int events) {
    return new ExampleEvents(ExampleEvents.FieldOrder.SCHEMA)
        .bodies(Math.max(1, DIFFERENT / events), events);
  }
}
