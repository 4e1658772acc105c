package attolytics.simulate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What happened in a simulation: a hash of it, and, if somebody will read it, the words. */
final class Trace {
  private final Scheduler scheduler;
  private final boolean legible;
  private final List<String> lines = new ArrayList<>();
  private long hash;

  /**
   * @param legible whether to keep the words, which takes its time
   */
  Trace(Scheduler scheduler, boolean legible) {
    this.scheduler = scheduler;
    this.legible = legible;
  }

  /**
   * Adds what happened now.
   *
   * @param who did it
   * @param what always one of a few texts
   * @param about a number or a text
   */
  void add(String who, String what, Object about) {
    hash =
        Draw.mix(
            hash
                ^ scheduler.now()
                ^ Draw.mix(31L * (31L * who.hashCode() + what.hashCode()))
                ^ about.hashCode());
    if (legible) {
      lines.add(line(who, what + " " + about));
    }
  }

  /** Adds words only. */
  void note(String who, String what) {
    if (legible) {
      lines.add(line(who, what));
    }
  }

  private String line(String who, String what) {
    double millis = (scheduler.now() - Scheduler.START) / 1e6;
    return String.format(Locale.ROOT, "%10.3f ms  %-10s %s", millis, who, what);
  }

  /** The same for two simulations in which the same happened. */
  long hash() {
    return hash;
  }

  List<String> lines() {
    return lines;
  }
}
