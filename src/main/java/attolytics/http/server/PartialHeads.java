package attolytics.http.server;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The connections of one IO thread that are in the middle of a request's head and occupy memory for
 * the part that has arrived. Their number is limited; the newest evicts the oldest. Most heads
 * arrive as a whole and are never listed here. For that IO thread only.
 */
final class PartialHeads {
  private final int max;
  private final Set<HeadConduit> oldestFirst = new LinkedHashSet<>();

  PartialHeads(int max) {
    this.max = max;
  }

  void add(HeadConduit head) {
    if (oldestFirst.add(head) && oldestFirst.size() > max) {
      Iterator<HeadConduit> oldest = oldestFirst.iterator();
      HeadConduit evicted = oldest.next();
      oldest.remove();
      evicted.refuse();
    }
  }

  void remove(HeadConduit head) {
    oldestFirst.remove(head);
  }
}
