package attolytics.app;

import attolytics.admin.NotReady;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentOutages.Trouble;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Looks periodically at what is wrong, and remembers it as outages. */
final class OutageWatch implements Runnable {
  private final Readiness readiness;
  private final Supplier<Set<String>> heldTables;
  private final RecentOutages outages;

  /**
   * @param heldTables whose requests wait because they are locked or accept no rows
   */
  OutageWatch(Readiness readiness, Supplier<Set<String>> heldTables, RecentOutages outages) {
    this.readiness = readiness;
    this.heldTables = heldTables;
    this.outages = outages;
  }

  /** Follows {@link Readiness#logChange}: log and outages agree on what was wrong, and when. */
  @Override
  public void run() {
    Readiness.Seen seen = readiness.lastSeen();
    List<Trouble> troubles = new ArrayList<>();
    NotReady unready = seen.unready();
    if (unready != null) {
      troubles.add(new Trouble("service", unready.reason(), unready.cause()));
    }
    for (String table : heldTables.get()) {
      String part = "table " + table;
      troubles.add(new Trouble(part, part + " is locked, or accepts no rows at the moment", null));
    }
    outages.update(troubles, seen.at());
  }
}
