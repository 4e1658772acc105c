package attolytics.app;

import attolytics.admin.NotReady;
import attolytics.logging.LogMarkers;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentOutages.Trouble;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks periodically at what is wrong, and remembers it as outages. */
final class OutageWatch implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(OutageWatch.class);

  private final Readiness readiness;
  private final Supplier<Set<String>> heldTables;
  private final ToLongFunction<String> committedRows;
  private final RecentOutages outages;
  private final Map<String, Hold> holds = new TreeMap<>();

  /**
   * When requests for a table began to wait.
   *
   * @param committedRows of the table until then
   */
  private record Hold(Instant since, long committedRows) {}

  /**
   * @param heldTables whose requests wait because they are locked or accept no rows
   * @param committedRows of a table, in total
   */
  OutageWatch(
      Readiness readiness,
      Supplier<Set<String>> heldTables,
      ToLongFunction<String> committedRows,
      RecentOutages outages) {
    this.readiness = readiness;
    this.heldTables = heldTables;
    this.committedRows = committedRows;
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
    for (String table : held) {
      holds.computeIfAbsent(table, t -> new Hold(seen.at(), committedRows.applyAsLong(t)));
      String reason = "table " + table + " is locked, or accepts no rows at the moment";
      troubles.add(new Trouble(partOf(table), reason, null));
    }
    outages.update(troubles, seen.at());
    for (String table : List.copyOf(holds.keySet())) {
      if (!held.contains(table)) {
        released(table, Objects.requireNonNull(holds.remove(table)), seen.at());
      }
    }
  }

  private static String partOf(String table) {
    return "table " + table;
  }

  /**
   * The beginning is logged by a writer, but not each time if there are several in a minute; the
   * end is that of the last writer that defers some. If all that waited are answered, and no row
   * was stored, nothing shows that it is over.
   */
  private void released(String table, Hold hold, Instant now) {
    boolean isOver = committedRows.applyAsLong(table) > hold.committedRows();
    log.atInfo()
        .addMarker(LogMarkers.STATE_CHANGE)
        .log(
            "Requests for table {} are no longer deferred, after {} s, since {}{}",
            table,
            now.getEpochSecond() - hold.since().getEpochSecond(),
            hold.since().truncatedTo(ChronoUnit.SECONDS),
            isOver ? "" : ", but no row was stored: it may still be locked, or accept no rows");
    if (!isOver) {
      String reason = "no row was stored before all that waited were answered: it may go on";
      outages.addPast(new Trouble(partOf(table), reason, null), hold.since(), now);
    }
  }
}
