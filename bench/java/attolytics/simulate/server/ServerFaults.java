package attolytics.simulate.server;

import attolytics.buffer.IdempotencyKey;
import attolytics.simulate.workload.ModelTable;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is wrong with the server at the moment. */
public final class ServerFaults {
  private final @Nullable String[] brokenTables = new String[ModelTable.COUNT];
  private final boolean[] lockedTables = new boolean[ModelTable.COUNT];
  private final Set<IdempotencyKey> heldKeys = new HashSet<>();
  private int down;
  private int refusing;
  private int readOnly;
  private int slowness = 1;

  /** Its process is away, or comes back. */
  public void setDown(boolean begins) {
    down += begins ? 1 : -1;
  }

  public boolean isDown() {
    return down > 0;
  }

  public void setRefusing(boolean begins) {
    refusing += begins ? 1 : -1;
  }

  public boolean acceptsConnections() {
    return down == 0 && refusing == 0;
  }

  public void setReadOnly(boolean begins) {
    readOnly += begins ? 1 : -1;
  }

  public boolean isReadOnly() {
    return readOnly > 0;
  }

  public void setSlowness(int factor) {
    slowness = factor;
  }

  /** By how much longer everything takes. */
  public int slowness() {
    return slowness;
  }

  /**
   * Lets a table accept rows, or not.
   *
   * @param sqlState of the error, or null
   */
  public void setBroken(int table, @Nullable String sqlState) {
    brokenTables[table] = sqlState;
  }

  public @Nullable String brokenWith(int table) {
    return brokenTables[table];
  }

  public void setLocked(int table, boolean locked) {
    lockedTables[table] = locked;
  }

  public boolean isLocked(int table) {
    return lockedTables[table];
  }

  /** Another session holds the keys, or lets go of them. */
  public void setHeld(Set<IdempotencyKey> keys, boolean held) {
    if (held) {
      heldKeys.addAll(keys);
    } else {
      heldKeys.removeAll(keys);
    }
  }

  public boolean isHeld(IdempotencyKey key) {
    return heldKeys.contains(key);
  }
}
