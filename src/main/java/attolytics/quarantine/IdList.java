package attolytics.quarantine;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Ids of events, of which there may be millions: eight bytes each. */
final class IdList {
  private long[] ids = new long[ReplayStep.EVENTS];
  private int size;

  void add(long id) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, size + size / 2);
    }
    ids[size++] = id;
  }

  int size() {
    return size;
  }

  /** A part, as long as a step takes, or what is left from there on. */
  List<Long> part(int from) {
    int to = Math.min(size, from + ReplayStep.EVENTS);
    return LongStream.of(Arrays.copyOfRange(ids, from, to)).boxed().toList();
  }
}
