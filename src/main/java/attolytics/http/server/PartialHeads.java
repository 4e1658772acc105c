package attolytics.http.server;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The connections of one IO thread that are in the middle of a request's head, and hold what has
 * come of it: so many at most, and the oldest gives way to the newest. A head usually comes at once
 * and never waits here. For that IO thread only.
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
