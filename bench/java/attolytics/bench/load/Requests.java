package attolytics.bench.load;

import java.nio.ByteBuffer;
import java.util.List;

/** Requests, one after the other and over again, each time with later times. */
final class Requests {
  private final Body[] bodies;
  private int next;
  private long time = Body.FIRST_TIME;

  Requests(List<Body> bodies) {
    this.bodies = bodies.toArray(Body[]::new);
  }

  /** Bytes of the largest. */
  int largest() {
    int largest = 0;
    for (Body body : bodies) {
      largest = Math.max(largest, body.size());
    }
    return largest;
  }

  /** Writes the next one and returns how many events it has. */
  int writeNext(ByteBuffer out) {
    Body body = bodies[next];
    body.stamp(time);
    time += body.events();
    body.writeTo(out);
    next = next + 1 == bodies.length ? 0 : next + 1;
    return body.events();
  }
}
