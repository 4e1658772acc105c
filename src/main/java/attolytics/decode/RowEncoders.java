package attolytics.decode;

import attolytics.schema.Table;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * The encoders of the tables, each made at the table's first event. Apps share them, and there are
 * at most {@value #MAX_KEPT}: events are read before it is known whether their client has the
 * secret key, so what is kept must be bounded, whatever tables they name. Not thread-safe.
 */
final class RowEncoders {
  private static final int MAX_KEPT = 1_000;

  private final CurrentRequest request;
  private final Decoded result;
  private final InstantSource clock;
  private final @Nullable RowEncoder[] byOrdinal = new RowEncoder[MAX_KEPT];

  RowEncoders(CurrentRequest request, Decoded result, InstantSource clock) {
    this.request = request;
    this.result = result;
    this.clock = clock;
  }

  /** The encoder of a table, instead of that of another one, or of the same before a reload. */
  RowEncoder of(Table table) {
    int place = table.ordinal() % MAX_KEPT;
    RowEncoder encoder = byOrdinal[place];
    if (encoder == null || encoder.table() != table) {
      encoder = new RowEncoder(table, request, result, clock);
      byOrdinal[place] = encoder;
    }
    return encoder;
  }
}
