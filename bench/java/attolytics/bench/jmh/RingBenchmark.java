package attolytics.bench.jmh;

import attolytics.bench.load.ExampleEvents;
import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import attolytics.schema.Table;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.GroupThreads;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One, two or eight IO threads that offer requests of ten rows to a writer that does nothing but
 * take them. What counts is {@code taken}; {@code refused} are offers to a full ring.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Group)
public class RingBenchmark {
  private static final int RING_ROWS = 1 << 17;
  static final int ROWS = 10;
  private static final int BATCH_BYTES = 1024;
  private static final int TAKEN_BETWEEN_RELEASES = 64;

  /** So that an iteration can end while nobody offers. */
  private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(1);

  private final Ring ring = new Ring(RING_ROWS);
  private final Ring.Consumer consumer = ring.newConsumer();
  private int unreleased;

  /** An IO thread's: the ring only reads it, so that it may stand there many times. */
  @State(Scope.Thread)
  public static class Request {
    private final Batch batch = new Batch(BATCH_BYTES);

    public Request() {
      Table table = new Table(ExampleEvents.TABLE, 0, List.of());
      for (int row = 0; row < ROWS; row++) {
        batch.rows().putShort(0);
        batch.endRow(table);
      }
    }
  }

  /** What became of the offers, in requests. */
  @AuxCounters
  @State(Scope.Thread)
  public static class Counters {
    public long taken;
    public long refused;
  }

  @Benchmark
  @Group("oneProducer")
  @GroupThreads(1)
  public void offer(Request request, Counters counters) {
    offerOne(request, counters);
  }

  @Benchmark
  @Group("oneProducer")
  @GroupThreads(1)
  public void poll(Counters counters) {
    pollOne(counters);
  }

  @Benchmark
  @Group("twoProducers")
  @GroupThreads(2)
  public void offerAmongTwo(Request request, Counters counters) {
    offerOne(request, counters);
  }

  @Benchmark
  @Group("twoProducers")
  @GroupThreads(1)
  public void pollFromTwo(Counters counters) {
    pollOne(counters);
  }

  @Benchmark
  @Group("eightProducers")
  @GroupThreads(8)
  public void offerAmongEight(Request request, Counters counters) {
    offerOne(request, counters);
  }

  @Benchmark
  @Group("eightProducers")
  @GroupThreads(1)
  public void pollFromEight(Counters counters) {
    pollOne(counters);
  }

  private void offerOne(Request request, Counters counters) {
    if (!ring.offer(request.batch)) {
      counters.refused++;
      Thread.onSpinWait();
    }
  }

  /** Releases in lots, as the writer does after a flush. */
  private void pollOne(Counters counters) {
    if (consumer.poll(PATIENCE) != null) {
      counters.taken++;
      unreleased++;
    }
    if (unreleased == TAKEN_BETWEEN_RELEASES) {
      consumer.release();
      unreleased = 0;
    }
  }
}
