package attolytics.app;

import attolytics.admin.NotReady;
import attolytics.metrics.PrometheusMetrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentOutages.Answers;
import attolytics.recent.RecentOutages.Trouble;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Looks periodically at what is wrong, and remembers it as outages. */
final class OutageWatch implements Runnable {
  private static final int UNAVAILABLE = 503;
  private static final int UNKNOWN = 504;

  private final Readiness readiness;
  private final Pipeline pipeline;
  private final PrometheusMetrics metrics;
  private final Set<String> unavailable;
  private final Set<String> unknown;
  private final InstantSource clock;
  private final RecentOutages outages;

  /**
   * @param statusByReason the status of the answer for each reason to refuse a request
   */
  OutageWatch(
      Readiness readiness,
      Pipeline pipeline,
      PrometheusMetrics metrics,
      Map<String, Integer> statusByReason,
      InstantSource clock,
      RecentOutages outages) {
    this.readiness = readiness;
    this.pipeline = pipeline;
    this.metrics = metrics;
    this.unavailable = reasons(statusByReason, UNAVAILABLE);
    this.unknown = reasons(statusByReason, UNKNOWN);
    this.clock = clock;
    this.outages = outages;
  }

  @Override
  public void run() {
    List<Trouble> troubles = new ArrayList<>();
    NotReady unready = readiness.lastSeen(); // and not of now: as the log says
    if (unready != null) {
      troubles.add(new Trouble("service", unready.reason(), unready.cause()));
    }
    for (String table : pipeline.heldTables()) {
      String part = "table " + table;
      troubles.add(new Trouble(part, part + " is locked, or accepts no rows at the moment", null));
    }
    Answers answers =
        new Answers(metrics.requestsRefused(unavailable), metrics.requestsRefused(unknown));
    outages.update(troubles, answers, clock.instant());
  }

  private static Set<String> reasons(Map<String, Integer> statusByReason, int status) {
    return statusByReason.entrySet().stream()
        .filter(entry -> entry.getValue() == status)
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }
}
