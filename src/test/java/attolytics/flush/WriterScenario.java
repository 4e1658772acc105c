package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.flush.FakeDatabase.Behaviour;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.metrics.Metrics;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests that arrive at given times at a writer with a {@link FakeDatabase}. Everything happens
 * on one thread, in no time.
 */
final class WriterScenario {
  private static final Column ID = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);

  /** What became of a request. */
  record Answer(Outcome.Kind outcome, @Nullable String reason, Duration waited) {}

  final Table t = new Table("t", 0, List.of(ID));
  final Table u = new Table("u", 1, List.of(ID));
  final FakeClock clock = new FakeClock();
  final FakeDatabase database = new FakeDatabase(clock);
  final Ring ring = new Ring(1 << 14, clock);
  final Writer writer;
  final Map<String, Answer> answers = new TreeMap<>();
  private int sources;

  WriterScenario(Duration ackTimeout) {
    this(ackTimeout, Metrics.NONE);
  }

  WriterScenario(Duration ackTimeout, Metrics metrics) {
    this(ackTimeout, Long.MAX_VALUE, metrics);
  }

  WriterScenario(Duration ackTimeout, long maxDeferredBytes, Metrics metrics) {
    Thresholds thresholds = new Thresholds(1000, 1 << 20, Duration.ofMillis(5));
    writer =
        Writer.share(
                ring, 1, () -> database, thresholds, ackTimeout, maxDeferredBytes, metrics, clock)
            .get(0);
  }

  /** A request that arrives after the delay, on a connection of its own. */
  final class Request {
    private final String name;
    private final Batch batch = new Batch(1 << 10);

    private Request(String name, @Nullable String key, Table... tables) {
      this.name = name;
      for (Table table : tables) {
        batch.rows().putShort(1);
        batch.rows().putField8(0);
        batch.endRow(table);
      }
      batch.setSource(++sources);
      assertTrue(batch.reserve(0));
      if (key != null) {
        batch.identify(new IdempotencyKey("a", key, new byte[0]));
      }
    }

    Batch batch() {
      return batch;
    }

    /** Its row takes that long, at this stage. */
    Request taking(Duration time, Stage stage) {
      database.behaviours.put(batch, new Behaviour(stage, time.toNanos(), null, false));
      return this;
    }

    Request failing(String sqlState, Stage stage) {
      database.behaviours.put(batch, new Behaviour(stage, 0, sqlState, false));
      return this;
    }

    /** Its row takes that long, and fails then. */
    Request failingAfter(Duration time, String sqlState, Stage stage) {
      database.behaviours.put(batch, new Behaviour(stage, time.toNanos(), sqlState, false));
      return this;
    }

    Request killingItsSession(Stage stage) {
      database.behaviours.put(batch, new Behaviour(stage, 0, "08006", true));
      return this;
    }

    Request arrivingAfter(Duration delay) {
      clock.at(
          delay,
          () -> {
            long accepted = clock.nanoTime();
            batch.accept(
                outcome -> {
                  Duration waited = Duration.ofNanos(clock.nanoTime() - accepted);
                  answers.put(name, new Answer(outcome.kind(), outcome.reason(), waited));
                },
                accepted);
            assertTrue(ring.offer(batch), "the ring is full");
          });
      return this;
    }
  }

  Request request(String name, Table... tables) {
    return new Request(name, null, tables);
  }

  Request keyedRequest(String name, Table... tables) {
    return new Request(name, name, tables);
  }

  /** Runs for that long, and then until everything is settled. */
  void run(Duration time) {
    clock.at(time, writer::stop);
    writer.run();
  }

  /** Asserts that the requests whose names begin so were stored, and returns the longest wait. */
  Duration assertStored(String prefix) {
    return longestOf(Outcome.Kind.STORED, prefix);
  }

  Duration longestOf(Outcome.Kind expected, String prefix) {
    Duration longest = Duration.ZERO;
    List<String> found = new ArrayList<>();
    for (Map.Entry<String, Answer> each : answers.entrySet()) {
      if (each.getKey().startsWith(prefix)) {
        found.add(each.getKey());
        assertEquals(expected, each.getValue().outcome(), each::toString);
        Duration waited = each.getValue().waited();
        longest = waited.compareTo(longest) > 0 ? waited : longest;
      }
    }
    assertTrue(!found.isEmpty(), "no request was answered whose name begins with " + prefix);
    return longest;
  }
}
