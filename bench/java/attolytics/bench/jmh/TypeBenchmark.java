package attolytics.bench.jmh;

import attolytics.buffer.Batch;
import attolytics.decode.Decoder;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Index;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
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
 * Decode-and-encode of bodies of ten events with ten columns of one type. An operation is a value
 * (with a tenth of what its event takes otherwise).
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@State(Scope.Thread)
public class TypeBenchmark {
  private static final int EVENTS = 10;
  private static final int COLUMNS = 10;
  private static final int MAX_BATCH = 1 << 20;

  /** A {@link ColumnType}, of its two JSON forms the one that is named, if it has two. */
  @Param({
    "BOOL",
    "I32",
    "I64",
    "F32",
    "F64",
    "STRING",
    "TIMESTAMP number",
    "TIMESTAMP string",
    "DATE",
    "UUID",
    "NUMERIC",
    "INET",
    "STRING[]",
    "JSON"
  })
  public String type = "";

  private final Decoder decoder = new Decoder();
  private final Batch batch = new Batch(MAX_BATCH);
  private @Nullable App app;
  private byte[] body = {};

  /** Makes the schema and the body. */
  @Setup
  public void prepare() {
    ColumnType columnType =
        Objects.requireNonNull(
            ColumnType.named(type.replaceFirst(" .*", "").toLowerCase(Locale.ROOT)));
    List<Column> columns = new ArrayList<>();
    StringBuilder event = new StringBuilder("{\"_t\":\"t\"");
    for (int i = 0; i < COLUMNS; i++) {
      columns.add(new Column("c" + i, columnType, null, Index.NONE, false, i));
      event.append(",\"c").append(i).append("\":").append(value(i));
    }
    event.append('}');
    Table table = new Table("t", 0, columns);
    app = new App("a", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, List.of(table));
    String events = String.join(",", Collections.nCopies(EVENTS, event));
    body =
        ("{\"secret_key\":\"k\",\"events\":[" + events + "]}").getBytes(StandardCharsets.US_ASCII);
    if (decodeAndEncode() != EVENTS || batch.byteCount() == 0) {
      throw new IllegalStateException("not valid events");
    }
  }

  private String value(int i) {
    return switch (type) {
      case "BOOL" -> i % 2 == 0 ? "true" : "false";
      case "I32" -> Integer.toString(12_345_678 + i);
      case "I64" -> Long.toString(1_234_567_890_123L + i);
      case "F32" -> "1234.5" + i;
      case "F64" -> "12345.67890" + i;
      case "STRING" -> "\"a short text " + i + "\"";
      case "TIMESTAMP number" -> "1750000000.12345" + i;
      case "TIMESTAMP string" -> "\"2026-01-31T12:34:56.78" + i + "Z\"";
      case "DATE" -> "\"2026-01-1" + i + "\"";
      case "UUID" -> "\"123e4567-e89b-12d3-a456-42661417400" + i + "\"";
      case "NUMERIC" -> "12345.67890" + i;
      case "INET" -> "\"2001:db8::" + i + "\"";
      case "STRING[]" -> "[\"a short text " + i + "\",\"another\"]";
      case "JSON" -> "{\"key\":[" + i + ",true,\"text\"]}";
      default -> throw new IllegalArgumentException(type);
    };
  }

  @Benchmark
  @OperationsPerInvocation(EVENTS * COLUMNS)
  public int decodeAndEncode() {
    batch.clear();
    App known = Objects.requireNonNull(app);
    boolean bad = decoder.decode(known, body, body.length, name -> null, batch).anyEventInvalid();
    return bad ? 0 : batch.rowCount();
  }
}
