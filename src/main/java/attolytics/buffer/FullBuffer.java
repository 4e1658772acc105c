package attolytics.buffer;

/**
 * Whether the buffer is full: there is no room for a typical request, or there was none, and an
 * eighth is not free yet. So a buffer that clients fill as fast as it is drained stays full, and is
 * not full and not full by turns. Any thread.
 */
public final class FullBuffer {
  private static final int TYPICAL_BYTES = 16 << 10;
  private static final int TYPICAL_ROWS = 100;
  private static final int FREE_PART = 8;

  private final Budget budget;
  private final Ring ring;
  private volatile boolean isFull;

  public FullBuffer(Budget budget, Ring ring) {
    this.budget = budget;
    this.ring = ring;
  }

  /** Whether it is full now. Does not block. */
  public boolean isFull() {
    long freeBytes = budget.capacity() - budget.used();
    long freeRows = ring.capacityRows() - ring.usedRows();
    long partOfBytes = budget.capacity() / FREE_PART;
    long partOfRows = ring.capacityRows() / FREE_PART;
    boolean isFullNow =
        freeBytes < Math.min(TYPICAL_BYTES, partOfBytes)
            || freeRows < Math.min(TYPICAL_ROWS, partOfRows);
    boolean isNearlyFull = freeBytes < partOfBytes || freeRows < partOfRows;
    isFull = isFullNow || (isFull && isNearlyFull);
    return isFull;
  }
}
