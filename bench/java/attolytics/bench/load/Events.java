package attolytics.bench.load;

import java.util.List;

/** The example's events as each load gets them. */
public final class Events {
  /** How many different events there are: they come again, with other times. */
  private static final int DIFFERENT = 10_000;

  private Events() {}

  /** Bodies of that many events. */
  public static List<Body> bodies(int events) {
    return bodies(new ExampleEvents(ExampleEvents.FieldOrder.SCHEMA), events);
  }

  /** Bodies of that many events, to be handled leniently. */
  public static List<Body> lenientBodies(int events, int invalidEvery) {
    String headers = "Prefer: handling=lenient\r\n";
    return bodies(
        new ExampleEvents(ExampleEvents.FieldOrder.SCHEMA, headers, invalidEvery), events);
  }

  private static List<Body> bodies(ExampleEvents of, int events) {
    return of.bodies(Math.max(1, DIFFERENT / events), events);
  }
}
