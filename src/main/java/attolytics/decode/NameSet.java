package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.json.Text;
import java.util.Arrays;

/** The names of an event's fields, to find duplicates: a hash table without an object per name. */
final class NameSet {
  private static final int INITIAL_SLOTS = 64;

  /** A larger table is not kept for the next event. */
  private static final int MAX_KEPT_SLOTS = 4096;

  private CopyBuffer names = new CopyBuffer(256, Integer.MAX_VALUE);
  private int[] ends = new int[INITIAL_SLOTS / 2]; // of name i in names
  private int[] slots = new int[INITIAL_SLOTS]; // i + 1, or 0
  private int count;

  void clear() {
    if (slots.length > MAX_KEPT_SLOTS) {
      names = new CopyBuffer(256, Integer.MAX_VALUE);
      ends = new int[INITIAL_SLOTS / 2];
      slots = new int[INITIAL_SLOTS];
    } else if (count > 0) {
      Arrays.fill(slots, 0);
    }
    names.truncate(0);
    count = 0;
  }

  /** Returns false if the set contains the name already. */
  boolean add(Text name) {
    int slot = slot(name.bytes(), name.start(), name.start() + name.length());
    if (slots[slot] != 0) {
      return false;
    }
    names.put(name.bytes(), name.start(), name.length());
    ends[count] = names.size();
    count++;
    slots[slot] = count;
    if (count == ends.length) {
      enlarge();
    }
    return true;
  }

  /** The slot of a name, or a free one for it. */
  private int slot(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int at = from; at < to; at++) {
      hash = 31 * hash + bytes[at];
    }
    int slot = (hash ^ (hash >>> 16)) & (slots.length - 1);
    while (slots[slot] != 0 && !isName(slots[slot] - 1, bytes, from, to)) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  private boolean isName(int index, byte[] bytes, int from, int to) {
    return Arrays.equals(names.array(), start(index), ends[index], bytes, from, to);
  }

  private int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  private void enlarge() {
    ends = Arrays.copyOf(ends, 2 * ends.length);
    slots = new int[2 * slots.length];
    for (int i = 0; i < count; i++) {
      slots[slot(names.array(), start(i), ends[i])] = i + 1;
    }
  }
}
