package attolytics.recent;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A time in which a part of the service accepted no requests, or could not store them.
 *
 * @param part of the service: the same for outages of which one can continue another
 * @param from when it was first seen
 * @param until null while it lasts
 * @param reasons in the order in which they came, each once
 * @param cause the last known words of the database, or null
 * @param unavailable requests of the whole service answered with 503: meanwhile, or later if they
 *     began before its end
 * @param unknown the same, with 504
 */
public record Outage(
    String part,
    Instant from,
    @Nullable Instant until,
    List<String> reasons,
    @Nullable String cause,
    long unavailable,
    long unknown) {
  public Outage {
    reasons = List.copyOf(reasons);
  }
}
