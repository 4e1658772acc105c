package attolytics.simulate;

import attolytics.buffer.IdempotencyKey;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is wrong with the server at the moment. */
final class Condition {
  private final @Nullable String[] brokenTables = new String[Excuses.KEY_TABLE + 2];
  private final boolean[] lockedTables = new boolean[Excuses.KEY_TABLE + 2];
  private final Set<IdempotencyKey> heldKeys = new HashSet<>();
  private int down;
  private int refusing;
  private int readOnly;
  private int slowness = 1;

  /** Its process is away, or comes back. */
  void setDown(boolean begins) {
    down += begins ? 1 : -1;
  }

  boolean isDown() {
    return down > 0;
  }

  void setRefusing(boolean begins) {
    refusing += begins ? 1 : -1;
  }

  boolean acceptsConnections() {
    return down == 0 && refusing == 0;
  }

  void setReadOnly(boolean begins) {
    readOnly += begins ? 1 : -1;
  }

  boolean isReadOnly() {
    return readOnly > 0;
  }

  void setSlowness(int factor) {
    slowness = factor;
  }

  /** By how much longer everything takes. */
  int slowness() {
    return slowness;
  }

  /**
   * Lets a table accept rows, or not.
   *
   * @param sqlState of the error, or null
   */
  void setBroken(int table, @Nullable String sqlState) {
    brokenTables[table] = sqlState;
  }

  @Nullable String brokenWith(int table) {
    return brokenTables[table];
  }

  void setLocked(int table, boolean locked) {
    lockedTables[table] = locked;
  }

  boolean isLocked(int table) {
    return lockedTables[table];
  }

  /** Another session holds the keys, or lets go of them. */
  void setHeld(Set<IdempotencyKey> keys, boolean held) {
    if (held) {
      heldKeys.addAll(keys);
    } else {
      heldKeys.removeAll(keys);
    }
  }

  boolean isHeld(IdempotencyKey key) {
    return heldKeys.contains(key);
  }
}
