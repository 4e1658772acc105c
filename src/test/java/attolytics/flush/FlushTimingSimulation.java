package attolytics.flush;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What {@link FlushTiming} does under a load, on a model of two processors, two IO threads and
 * PostgreSQL, in virtual time. It is compared with flushing always at once, and always late. {@link
 * #main} prints a table.
 *
 * <pre>
 *   clients ──► IO threads ──► rows that wait ──► writers: a transaction each ──► clients
 *               (processor)                       (processor, then fsync)
 * </pre>
 */
final class FlushTimingSimulation {
  /** When flushes are delayed. */
  enum Policy {
    ADAPTIVE,
    NEVER,
    ALWAYS
  }

  /**
   * Who sends. One of the first three is not zero.
   *
   * @param clients that send again when they are answered
   * @param rate requests a second, whatever is answered
   * @param burst requests at once, ten times a second
   * @param events in each request
   */
  record Load(int clients, int rate, int burst, int events) {
    @Override
    public String toString() {
      String who =
          clients > 0
              ? clients + (clients == 1 ? " client" : " clients")
              : rate > 0 ? rate + " requests/s" : "bursts of " + burst;
      return who + " × " + events;
    }
  }

  /**
   * What came of it.
   *
   * @param p50 of the time from arrival to answer, milliseconds
   * @param p99 the same
   */
  record Result(double requestsPerSecond, double transactionsPerSecond, double p50, double p99) {}

  private static final int PROCESSORS = 2;
  private static final double REQUEST_MICROS = 40; // of the service and of the client
  private static final double EVENT_MICROS = 0.5;
  private static final double TRANSACTION_MICROS = 250;
  private static final double ROW_MICROS = 5.4; // with four indexes
  private static final double FSYNC_MICROS = 300;

  /** What a row costs beyond that grows up to this many rows in a COPY. */
  private static final int SLOTS = 500;

  private static final double SLOT_MICROS = 1_200.0 / SLOTS / SLOTS;
  private static final int MAX_ROWS = 10_000;
  private static final double WARM_UP = 15_000_000; // microseconds, until trials are rare
  private static final double MEASURED = 10_000_000;

  private record Request(int client, double arrived) {}

  private record Event(double time, long order, Runnable action) {}

  /** Something that a processor works on. */
  private static final class Job {
    double left;
    final Runnable done;

    Job(double micros, Runnable done) {
      this.left = micros;
      this.done = done;
    }
  }

  private final Load load;
  private final Policy policy;
  private final int writers;
  private final Random random = new Random(1);
  private final FlushTiming timing = new FlushTiming(0);
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingDouble(Event::time).thenComparingLong(Event::order));
  private final List<Job> jobs = new ArrayList<>();
  private final ArrayDeque<Request> unread = new ArrayDeque<>();
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private double[] latencies = new double[1 << 16];
  private int answered;
  private int transactions;
  private double now;
  private long order;
  private int reading; // IO threads that are busy
  private int flushing; // writers
  private @Nullable List<Request> collected;
  private @Nullable Event look; // of the writer that would collect, if no more arrives

  private FlushTimingSimulation(Load load, Policy policy, int writers) {
    this.load = load;
    this.policy = policy;
    this.writers = writers;
  }

  static Result run(Load load, Policy policy, int writers) {
    return new FlushTimingSimulation(load, policy, writers).run();
  }

  private Result run() {
    for (int client = 0; client < load.clients; client++) {
      int id = client;
      at(random.nextDouble() * 1_000, () -> arrive(id));
    }
    if (load.rate > 0) {
      arriveByRate();
    }
    if (load.burst > 0) {
      arriveInBursts();
    }
    while (now < WARM_UP + MEASURED) {
      step();
    }
    double[] sorted = Arrays.copyOf(latencies, answered);
    Arrays.sort(sorted);
    double seconds = MEASURED / 1e6;
    return new Result(
        answered / seconds,
        transactions / seconds,
        sorted[answered / 2] / 1_000,
        sorted[answered * 99 / 100] / 1_000);
  }

  private void arriveByRate() {
    at(-Math.log(1 - random.nextDouble()) * 1e6 / load.rate, this::arriveByRate);
    arrive(-1);
  }

  private void arriveInBursts() {
    at(100_000, this::arriveInBursts);
    for (int i = 0; i < load.burst; i++) {
      arrive(-1);
    }
  }

  /** To the next end of a job or event: all jobs advance alike, as fast as processors allow. */
  private void step() {
    double speed = jobs.isEmpty() ? 1 : Math.min(1, (double) PROCESSORS / jobs.size());
    Job first = jobs.stream().min(Comparator.comparingDouble(job -> job.left)).orElse(null);
    double jobEnds = first == null ? Double.MAX_VALUE : now + first.left / speed;
    Event event = events.peek();
    double end = Math.min(jobEnds, event == null ? Double.MAX_VALUE : event.time);
    for (Job job : jobs) {
      job.left -= (end - now) * speed;
    }
    now = end;
    if (first != null && end == jobEnds) {
      jobs.remove(first);
      first.done.run();
    } else if (event != null) {
      events.remove();
      event.action.run();
    }
  }

  private Event at(double micros, Runnable action) {
    Event event = new Event(now + micros, order++, action);
    events.add(event);
    return event;
  }

  private void arrive(int client) {
    unread.add(new Request(client, now));
    read();
  }

  private void read() {
    if (reading < PROCESSORS && !unread.isEmpty()) {
      reading++;
      Request request = unread.remove();
      jobs.add(new Job(REQUEST_MICROS + EVENT_MICROS * load.events, () -> accept(request)));
    }
  }

  private void accept(Request request) {
    reading--;
    waiting.add(request);
    read();
    collect();
  }

  /** As {@link Gatherer} does. */
  private void collect() {
    if (collected != null || waiting.isEmpty() || flushing == writers) {
      return;
    }
    if (look != null) {
      events.remove(look);
      look = null;
    }
    long rows = (long) waiting.size() * load.events;
    long waited = nanos(now - waiting.getFirst().arrived);
    if (flushing > 0 && FlushTiming.besideOthersNanos((int) rows, waited) > 0) {
      look = at((FlushTiming.MAX_NANOS - waited) / 1e3, this::collect);
      return;
    }
    collected = new ArrayList<>();
    take(collected);
    if (FlushTiming.isWorthWhile(collected.size()) && policy == Policy.ADAPTIVE) {
      flush(collected);
    } else {
      delayOrFlush(collected);
    }
  }

  private void delayOrFlush(List<Request> requests) {
    long nanos = delayNanos(requests);
    if (nanos == 0 || requests.size() * load.events >= MAX_ROWS) {
      flush(requests);
      return;
    }
    int before = requests.size();
    at(
        nanos / 1e3,
        () -> {
          take(requests);
          if (requests.size() == before) {
            flush(requests);
          } else {
            delayOrFlush(requests);
          }
        });
  }

  private void take(List<Request> requests) {
    while (!waiting.isEmpty() && requests.size() * load.events < MAX_ROWS) {
      requests.add(waiting.remove());
    }
  }

  private long delayNanos(List<Request> requests) {
    int rows = requests.size() * load.events;
    long waited = nanos(now - requests.get(0).arrived);
    return switch (policy) {
      case ADAPTIVE -> timing.delayNanos(rows, waited);
      case NEVER -> 0;
      case ALWAYS ->
          rows >= FlushTiming.ENOUGH_ROWS ? 0 : Math.max(0, FlushTiming.MAX_NANOS - waited);
    };
  }

  private void flush(List<Request> requests) {
    timing.flushed(requests.size(), nanos(now));
    collected = null;
    flushing++;
    int rows = requests.size() * load.events;
    double slots = Math.min(rows, SLOTS);
    double micros = TRANSACTION_MICROS + ROW_MICROS * rows + SLOT_MICROS * slots * slots;
    jobs.add(new Job(micros, () -> at(FSYNC_MICROS, () -> committed(requests))));
    collect();
  }

  private void committed(List<Request> requests) {
    flushing--;
    if (now > WARM_UP) {
      transactions++;
    }
    for (Request request : requests) {
      if (now > WARM_UP) {
        if (answered == latencies.length) {
          latencies = Arrays.copyOf(latencies, 2 * answered);
        }
        latencies[answered++] = now - request.arrived;
      }
      if (request.client >= 0) {
        arrive(request.client);
      }
    }
    collect();
  }

  private static long nanos(double micros) {
    return (long) (micros * 1e3);
  }

  static final List<Load> LOADS =
      List.of(
          new Load(1, 0, 0, 1),
          new Load(1, 0, 0, 100),
          new Load(2, 0, 0, 10),
          new Load(4, 0, 0, 10),
          new Load(16, 0, 0, 10),
          new Load(64, 0, 0, 1),
          new Load(64, 0, 0, 10),
          new Load(64, 0, 0, 100),
          new Load(256, 0, 0, 1),
          new Load(256, 0, 0, 10),
          new Load(1_000, 0, 0, 10),
          new Load(10_000, 0, 0, 10),
          new Load(0, 10, 0, 1),
          new Load(0, 200, 0, 1),
          new Load(0, 2_000, 0, 1),
          new Load(0, 2_000, 0, 10),
          new Load(0, 8_000, 0, 10),
          new Load(0, 20_000, 0, 1),
          new Load(0, 0, 20, 10),
          new Load(0, 0, 500, 10));

  /** Prints a table. */
  public static void main(String[] args) {
    System.out.println(
        "| load | policy | writers | requests/s | transactions/s | p50, p99 ms |\n"
            + "| --- | --- | --- | --- | --- | --- |");
    for (Load load : LOADS) {
      for (int writers = 1; writers <= 2; writers++) {
        for (Policy policy : Policy.values()) {
          Result result = run(load, policy, writers);
          System.out.printf(
              "| %s | %s | %d | %.0f | %.0f | %.2f, %.2f |%n",
              load,
              policy.name().toLowerCase(Locale.ROOT),
              writers,
              result.requestsPerSecond,
              result.transactionsPerSecond,
              result.p50,
              result.p99);
        }
      }
    }
  }
}
