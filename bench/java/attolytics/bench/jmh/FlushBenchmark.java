package attolytics.bench.jmh;

import attolytics.bench.load.Body;
import attolytics.bench.load.Events;
import attolytics.bench.load.ExampleEvents;
import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.decode.Decoder;
import attolytics.flush.Thresholds;
import attolytics.flush.Writer;
import attolytics.metrics.Metrics;
import attolytics.schema.App;
import attolytics.schema.yaml.SchemaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the writer does for a row beside waiting for the database: takes requests of ten from the
 * ring, gathers them into flushes of ten thousand rows and chunks, and settles them. In the
 * database's place is a {@link Sink}. An operation is a row.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class FlushBenchmark {
  private static final int ROWS = 10_000;
  private static final int EVENTS = 10;
  private static final int RING_ROWS = 1 << 15;
  private static final Duration LONG = Duration.ofMinutes(10);

  private final Ring ring = new Ring(RING_ROWS);
  private final List<Batch> batches = new ArrayList<>();
  private final Semaphore settled = new Semaphore(0);
  private final Ack ack = this::settled;
  private @Nullable Writer writer;
  private volatile @Nullable Outcome refused;

  /** Encodes the requests, which can be sent again and again, and starts the writer. */
  @Setup
  public void start() throws SchemaException {
    App app = ExampleEvents.app();
    Decoder decoder = new Decoder();
    for (Body body : Events.bodies(EVENTS).subList(0, ROWS / EVENTS)) {
      Batch batch = new Batch(1 << 20);
      decoder.decode(app, body.json(), body.json().length, name -> null, batch);
      batches.add(batch);
    }
    // A flush begins when all of its rows are there, and not before.
    Thresholds thresholds = new Thresholds(ROWS, Long.MAX_VALUE, LONG);
    writer =
        Writer.share(
                ring,
                1,
                Sink::new,
                thresholds,
                LONG,
                Long.MAX_VALUE,
                Metrics.NONE,
                NanoClock.SYSTEM)
            .get(0);
    Thread thread = new Thread(writer, "writer");
    thread.setDaemon(true); // a benchmark that failed is not torn down
    thread.start();
  }

  @TearDown
  public void stop() {
    if (writer != null) {
      writer.stop();
    }
  }

  @Benchmark
  @OperationsPerInvocation(ROWS)
  public void flush() throws InterruptedException {
    long now = System.nanoTime();
    for (Batch batch : batches) {
      batch.accept(ack, now);
      if (!ring.offer(batch)) {
        throw new IllegalStateException("the ring is full");
      }
    }
    settled.acquire(batches.size());
    if (refused != null) {
      throw new IllegalStateException(refused.toString());
    }
  }

  private void settled(Outcome outcome) {
    if (outcome.kind() != Outcome.Kind.STORED) {
      refused = outcome; // reported by the benchmark's own thread, which waits for all of them
    }
    settled.release();
  }
}
