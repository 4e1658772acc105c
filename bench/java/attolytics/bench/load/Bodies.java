package attolytics.bench.load;

import java.util.List;

/** Bodies, one after the other and over again. */
public final class Bodies {
  public static final Bodies NONE = new Bodies(List.of());

  private final List<Body> bodies;
  private int next;

  public Bodies(List<Body> bodies) {
    this.bodies = bodies;
  }

  public byte[] next() {
    byte[] json = bodies.get(next).json();
    next = next + 1 == bodies.size() ? 0 : next + 1;
    return json;
  }
}
