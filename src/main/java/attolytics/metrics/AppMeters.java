package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** The meters of one app. Looking up a counter does not allocate. */
final class AppMeters {
  private static final int STATUSES = 600;

  private final String app;
  private final MeterRegistry registry;
  private final AtomicReferenceArray<@Nullable Counter> requests =
      new AtomicReferenceArray<>(STATUSES);
  private final Map<String, Counter> refused = new ConcurrentHashMap<>();
  private final Map<String, Counter> rejected = new ConcurrentHashMap<>();
  private final Map<String, Counter> quarantined = new ConcurrentHashMap<>();
  private final Counter accepted;
  private final Counter duplicates;
  private volatile double quarantineRows = Double.NaN;

  AppMeters(String app, MeterRegistry registry) {
    this.app = app;
    this.registry = registry;
    this.accepted =
        Counter.builder("attolytics.events.accepted")
            .description("Events that were accepted into the buffer")
            .tag("app", app)
            .register(registry);
    this.duplicates =
        Counter.builder("attolytics.duplicates.suppressed")
            .description("Events repeated under their Idempotency-Key, which were not stored again")
            .tag("app", app)
            .register(registry);
    Gauge.builder("attolytics.quarantine.rows", () -> quarantineRows)
        .description("Events in quarantine, of all instances")
        .tag("app", app)
        .register(registry);
  }

  /** Sets how many events of the app are in quarantine now. */
  void quarantineRows(long rows) {
    quarantineRows = rows;
  }

  Counter accepted() {
    return accepted;
  }

  Counter duplicates() {
    return duplicates;
  }

  Counter requests(int status) {
    Counter counter = requests.get(status);
    if (counter == null) {
      counter =
          Counter.builder("attolytics.http.requests")
              .description("Requests by status of the response")
              .tags("app", app, "status", Integer.toString(status))
              .register(registry);
      requests.set(status, counter);
    }
    return counter;
  }

  Counter refused(String reason) {
    Counter counter = refused.get(reason);
    return counter != null
        ? counter
        : register(
            refused,
            "attolytics.requests.refused",
            "Refused requests, including those whose events were not read",
            "reason",
            reason);
  }

  Counter quarantined(String code) {
    Counter counter = quarantined.get(code);
    return counter != null
        ? counter
        : register(
            quarantined,
            "attolytics.events.quarantined",
            "Events that this instance put into quarantine",
            "code",
            code);
  }

  Counter rejected(String reason) {
    Counter counter = rejected.get(reason);
    return counter != null
        ? counter
        : register(
            rejected,
            "attolytics.events.rejected",
            "Events of refused requests, as far as they were read; none of them is stored",
            "reason",
            reason);
  }

  private Counter register(
      Map<String, Counter> counters, String name, String description, String tag, String value) {
    Counter counter =
        Counter.builder(name)
            .description(description)
            .tags("app", app, tag, value)
            .register(registry);
    counters.put(value, counter);
    return counter;
  }
}
