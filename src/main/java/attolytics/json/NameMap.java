package attolytics.json;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A map with names as keys, which are looked up by their UTF-8 bytes, without allocating a string.
 * Immutable.
 */
public final class NameMap<V> {
  private static final class Entry<V> {
    private final byte[] name;
    private final V value;

    Entry(String name, V value) {
      this.name = name.getBytes(StandardCharsets.UTF_8);
      this.value = value;
    }
  }

  /** A hash table with linear probing, at most half full. */
  private final @Nullable Entry<V>[] entries;

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  public NameMap(Map<String, V> values) {
    entries = new Entry[Integer.highestOneBit(values.size() + 1) * 4];
    values.forEach((name, value) -> put(new Entry<>(name, value)));
  }

  private void put(Entry<V> entry) {
    int at = hash(entry.name, 0, entry.name.length) & (entries.length - 1);
    while (entries[at] != null) {
      at = (at + 1) & (entries.length - 1);
    }
    entries[at] = entry;
  }

  /** The value of a name, or null. */
  public @Nullable V get(Text name) {
    int at = hash(name.bytes(), name.start(), name.length()) & (entries.length - 1);
    for (Entry<V> entry; (entry = entries[at]) != null; at = (at + 1) & (entries.length - 1)) {
      if (name.is(entry.name)) {
        return entry.value;
      }
    }
    return null;
  }

  private static int hash(byte[] bytes, int from, int length) {
    int hash = 0;
    for (int at = from; at < from + length; at++) {
      hash = 31 * hash + bytes[at];
    }
    return hash ^ (hash >>> 16);
  }
}
