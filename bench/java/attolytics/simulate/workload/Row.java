package attolytics.simulate.workload;

import org.jspecify.annotations.Nullable;

/**
 * A row of a request.
 *
 * @param unique its value in the column that the table's unique index is on
 * @param fault what is wrong with it, or null
 */
public record Row(ModelTable table, long unique, @Nullable RowFault fault) {
  /** Its unique value, with its table. */
  public long value() {
    return ((long) table.number() << 32) + unique;
  }
}
