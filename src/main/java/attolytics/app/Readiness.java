package attolytics.app;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whether a request would be accepted now. Any thread; nothing here waits. */
final class Readiness {
  private volatile @Nullable String phase = "starting";
  private final List<Supplier<@Nullable String>> obstacles = new CopyOnWriteArrayList<>();

  /** The service is not there yet, or not any more. */
  void isNot(String why) {
    phase = why;
  }

  /** The service is there. */
  void isReached() {
    phase = null;
  }

  /**
   * Adds what may stand in the way of a service that is there.
   *
   * @param obstacle says what does, or null
   */
  void unless(Supplier<@Nullable String> obstacle) {
    obstacles.add(obstacle);
  }

  /** Why no request would be accepted now, or null if it would. */
  @Nullable String obstacle() {
    String reason = phase;
    for (int i = 0; reason == null && i < obstacles.size(); i++) {
      reason = obstacles.get(i).get();
    }
    return reason;
  }
}
