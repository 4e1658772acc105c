package attolytics.bench.jmh;

import attolytics.bench.load.Bodies;
import attolytics.bench.load.Body;
import attolytics.bench.load.ExampleEvents;
import attolytics.buffer.Batch;
import attolytics.decode.Decoder;
import attolytics.schema.App;
import attolytics.schema.yaml.SchemaException;
import java.util.List;
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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From a body's bytes to encoded rows: by the service's own JSON reader, and by jackson-core's
 * streaming parser. An operation is a row.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class JsonBenchmark {
  private static final int EVENTS = 1000;
  private static final int MAX_BATCH = 1 << 20;

  private final Decoder own = new Decoder();
  private final JacksonDecoder jackson = new JacksonDecoder();
  private final Batch batch = new Batch(MAX_BATCH);
  private @Nullable App app;
  private Bodies tens = Bodies.NONE;
  private Bodies hundreds = Bodies.NONE;

  /** Makes the bodies. */
  @Setup
  public void prepare() throws SchemaException {
    app = ExampleEvents.app();
    ExampleEvents events = new ExampleEvents(ExampleEvents.FieldOrder.SCHEMA);
    List<Body> bodies = events.bodies(EVENTS / 10, 10);
    tens = new Bodies(bodies);
    hundreds = new Bodies(events.bodies(EVENTS / 100, 100));
    if (own10() != 10 || own100() != 100 || jackson10() != 10 || jackson100() != 100) {
      throw new IllegalStateException("not an event of the example's");
    }
  }

  @Benchmark
  @OperationsPerInvocation(10)
  public int own10() {
    return own(tens);
  }

  @Benchmark
  @OperationsPerInvocation(100)
  public int own100() {
    return own(hundreds);
  }

  @Benchmark
  @OperationsPerInvocation(10)
  public int jackson10() {
    return jackson(tens);
  }

  @Benchmark
  @OperationsPerInvocation(100)
  public int jackson100() {
    return jackson(hundreds);
  }

  private int own(Bodies bodies) {
    byte[] json = bodies.next();
    batch.clear();
    own.decode(Objects.requireNonNull(app), json, json.length, name -> null, batch);
    return batch.rowCount();
  }

  private int jackson(Bodies bodies) {
    byte[] json = bodies.next();
    batch.clear();
    String error = jackson.decode(Objects.requireNonNull(app), json, json.length, batch);
    return error == null ? batch.rowCount() : 0;
  }
}
