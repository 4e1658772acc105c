package attolytics.torture;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** All requests of a run. Thread-safe. */
final class Ledger {
  private final AtomicLong lastId = new AtomicLong();
  private final Map<Long, Request> requests = new ConcurrentHashMap<>();
  private final Map<Long, List<Request>> repeating = new ConcurrentHashMap<>();

  /** The number of a new request. */
  long nextId() {
    return lastId.incrementAndGet();
  }

  Request add(Request request) {
    requests.put(request.id(), request);
    for (Event event : request.payload().repeats()) {
      repeating.computeIfAbsent(event.id(), id -> new CopyOnWriteArrayList<>()).add(request);
    }
    return request;
  }

  Map<Long, Request> requests() {
    return requests;
  }

  /** By {@link Event#id}, the requests that have events again. */
  Map<Long, List<Request>> repeating() {
    return repeating;
  }
}
