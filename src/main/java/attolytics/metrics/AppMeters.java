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
    if (counter == null) {
      counter =
          Counter.builder("attolytics.requests.refused")
              .description("Refused requests, including those whose events were not read")
              .tags("app", app, "reason", reason)
              .register(registry);
      refused.put(reason, counter);
    }
    return counter;
  }

  Counter quarantined(String code) {
    Counter counter = quarantined.get(code);
    if (counter == null) {
      counter =
          Counter.builder("attolytics.events.quarantined")
              .description("Events that this instance put into quarantine")
              .tags("app", app, "code", code)
              .register(registry);
      quarantined.put(code, counter);
    }
    return counter;
  }

  Counter rejected(String reason) {
    Counter counter = rejected.get(reason);
    if (counter == null) {
      counter =
          Counter.builder("attolytics.events.rejected")
              .description(
                  "Events of refused requests, as far as they were read; none of them is stored")
              .tags("app", app, "reason", reason)
              .register(registry);
      rejected.put(reason, counter);
    }
    return counter;
  }
}
