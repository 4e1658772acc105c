package attolytics.simulate.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What happened in a simulation: a hash of it, the same in every process, and, if somebody will
 * read it, the words.
 */
public final class Trace {
  private final Scheduler scheduler;
  private final boolean legible;
  private final List<String> lines = new ArrayList<>();
  private long hash;

  /**
   * @param legible whether to keep the words, which takes its time
   */
  public Trace(Scheduler scheduler, boolean legible) {
    this.scheduler = scheduler;
    this.legible = legible;
  }

  /**
   * Adds what happened now.
   *
   * @param who did it
   * @param what always one of a few texts
   */
  public void add(String who, String what, String about) {
    mix(who, what, about.hashCode());
    if (legible) {
      lines.add(line(who, what + " " + about));
    }
  }

  /** The same about something that has a number. */
  public void add(String who, String what, long about) {
    mix(who, what, Long.hashCode(about));
    if (legible) {
      lines.add(line(who, what + " " + about));
    }
  }

  private void mix(String who, String what, int about) {
    long texts = DeterministicRandom.mix(31L * (31L * who.hashCode() + what.hashCode()));
    hash = DeterministicRandom.mix(hash ^ scheduler.now() ^ texts ^ about);
  }

  /** Adds words only. */
  public void note(String who, String what) {
    if (legible) {
      lines.add(line(who, what));
    }
  }

  private String line(String who, String what) {
    double millis = (scheduler.now() - Scheduler.START) / 1e6;
    return String.format(Locale.ROOT, "%10.3f ms  %-10s %s", millis, who, what);
  }

  /** The same for two simulations in which the same happened. */
  public long hash() {
    return hash;
  }

  public List<String> lines() {
    return lines;
  }
}
