package attolytics.simulate.instance;

import attolytics.simulate.plan.Fault;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Faults of an instance's connections that strike the next transactions to get to their point. */
final class ConnectionFaults {
  private static final class Armed {
    private final Fault fault;
    private int left;

    private Armed(Fault fault) {
      this.fault = fault;
      this.left = fault.count();
    }
  }

  private final List<Armed> armed = new ArrayList<>();

  void add(Fault fault) {
    armed.add(new Armed(fault));
  }

  void clear() {
    armed.clear();
  }

  /** The fault that strikes at a point now, or null. */
  @Nullable Fault strike(Fault.Point point) {
    for (int i = 0; i < armed.size(); i++) {
      Armed next = armed.get(i);
      if (next.fault.point() == point) {
        if (--next.left == 0) {
          armed.remove(i);
        }
        return next.fault;
      }
    }
    return null;
  }
}
