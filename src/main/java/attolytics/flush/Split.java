package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.schema.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Takes apart requests of which one makes their transaction fail. */
final class Split {
  /** Each part that is too slow costs the time of a whole statement: few of them. */
  private static final int SLOW_PARTS = 8;

  private Split() {}

  /** Where nothing tells which request it is. */
  static List<List<Batch>> inHalves(List<Batch> part) {
    return inParts(part, 2);
  }

  /** Where nothing tells which request is slow: by table, if that is not known either. */
  static List<List<Batch>> ofSlow(List<Batch> part, @Nullable Table table) {
    List<List<Batch>> byTable = table == null ? byTable(part) : List.of();
    return byTable.size() > 1 ? byTable : inParts(part, SLOW_PARTS);
  }

  /**
   * Where the row of one request failed: that one alone, to be certain, the requests before it, and
   * those behind it.
   *
   * @param isTransient whether the other requests may fail in the same way; then this one comes
   *     first
   * @param isFirst whether nothing was split before; otherwise more requests may fail
   */
  static List<List<Batch>> around(
      List<Batch> part, int failed, boolean isTransient, boolean isFirst) {
    int count = isFirst ? 1 : 2;
    List<List<Batch>> parts = new ArrayList<>();
    parts.addAll(inParts(part.subList(0, failed), isTransient ? count : 1));
    parts.add(isTransient ? 0 : parts.size(), part.subList(failed, failed + 1));
    parts.addAll(inParts(part.subList(failed + 1, part.size()), count));
    return parts;
  }

  /** The requests that the filter does not match. */
  static List<Batch> without(List<Batch> part, Predicate<Batch> filter) {
    List<Batch> left = new ArrayList<>(part.size());
    for (Batch batch : part) {
      if (!filter.test(batch)) {
        left.add(batch);
      }
    }
    return left;
  }

  private static List<List<Batch>> inParts(List<Batch> part, int count) {
    List<List<Batch>> parts = new ArrayList<>(count);
    int size = Math.max(1, (part.size() + count - 1) / count);
    for (int start = 0; start < part.size(); start += size) {
      parts.add(part.subList(start, Math.min(part.size(), start + size)));
    }
    return parts;
  }

  /** Those for one table only, table by table, and those for several. */
  private static List<List<Batch>> byTable(List<Batch> part) {
    Map<Object, List<Batch>> groups = new LinkedHashMap<>();
    Object several = new Object();
    for (Batch batch : part) {
      Table only = onlyTable(List.of(batch));
      groups.computeIfAbsent(only == null ? several : only, x -> new ArrayList<>()).add(batch);
    }
    return List.copyOf(groups.values());
  }

  /** The one table that all rows are for, or null. */
  static @Nullable Table onlyTable(List<Batch> part) {
    Table table = null;
    for (Batch batch : part) {
      for (int run = 0; run < batch.runCount(); run++) {
        if (table != null && table != batch.runTable(run)) {
          return null;
        }
        table = batch.runTable(run);
      }
    }
    return table;
  }
}
