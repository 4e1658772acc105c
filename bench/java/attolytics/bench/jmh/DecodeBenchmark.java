package attolytics.bench.jmh;

import attolytics.bench.load.Bodies;
import attolytics.bench.load.ExampleEvents;
import attolytics.buffer.Batch;
import attolytics.decode.Decoder;
import attolytics.schema.App;
import attolytics.schema.yaml.SchemaException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From a body's bytes to encoded rows. An operation is a row: so is what the GC profiler tells by
 * operation.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class DecodeBenchmark {
  /** Enough that the processor does not learn them by heart. */
  private static final int EVENTS = 1000;

  private static final int MAX_BATCH = 1 << 20;

  /** How the fields of the events are ordered. */
  @Param({"SCHEMA", "OTHER"})
  public String order = "";

  private final Decoder decoder = new Decoder();
  private final Batch batch = new Batch(MAX_BATCH);
  private @Nullable App app;
  private Bodies ones = Bodies.NONE;
  private Bodies tens = Bodies.NONE;
  private Bodies hundreds = Bodies.NONE;

  /** Makes the bodies. */
  @Setup
  public void prepare() throws SchemaException {
    app = ExampleEvents.app();
    ExampleEvents events = new ExampleEvents(ExampleEvents.FieldOrder.valueOf(order));
    ones = new Bodies(events.bodies(EVENTS, 1));
    tens = new Bodies(events.bodies(EVENTS / 10, 10));
    hundreds = new Bodies(events.bodies(EVENTS / 100, 100));
    if (decode(ones) != 1 || decode(tens) != 10 || decode(hundreds) != 100) {
      throw new IllegalStateException("not an event of the example's");
    }
  }

  @Benchmark
  public int bodyOf1() {
    return decode(ones);
  }

  @Benchmark
  @OperationsPerInvocation(10)
  public int bodyOf10() {
    return decode(tens);
  }

  @Benchmark
  @OperationsPerInvocation(100)
  public int bodyOf100() {
    return decode(hundreds);
  }

  private int decode(Bodies bodies) {
    byte[] json = bodies.next();
    batch.clear();
    decoder.decode(Objects.requireNonNull(app), json, json.length, name -> null, batch);
    return batch.rowCount();
  }
}
