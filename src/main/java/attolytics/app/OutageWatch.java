package attolytics.app;

import attolytics.admin.NotReady;
import attolytics.logging.LogMarkers;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentOutages.Trouble;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks periodically at what is wrong, and remembers it as outages. */
final class OutageWatch implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(OutageWatch.class);

  private final Readiness readiness;
  private final Supplier<Set<String>> heldTables;
  private final RecentOutages outages;
  private final Map<String, Instant> heldSince = new TreeMap<>();

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
    Set<String> held = heldTables.get();
    logReleased(held, seen.at());
    for (String table : held) {
      String part = "table " + table;
      troubles.add(new Trouble(part, part + " is locked, or accepts no rows at the moment", null));
    }
    outages.update(troubles, seen.at());
  }

  /** The beginning is logged by a writer; the end is that of the last writer that defers some. */
  private void logReleased(Set<String> held, Instant now) {
    heldSince.forEach(
        (table, since) -> {
          if (!held.contains(table)) {
            log.atInfo()
                .addMarker(LogMarkers.STATE_CHANGE)
                .log(
                    "Requests for table {} are no longer deferred, after {} s",
                    table,
                    now.getEpochSecond() - since.getEpochSecond());
          }
        });
    heldSince.keySet().retainAll(held);
    held.forEach(table -> heldSince.putIfAbsent(table, now));
  }
}
