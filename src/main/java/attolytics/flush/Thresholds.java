package attolytics.flush;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When to flush.
 *
 * @param rows at the latest with that many rows
 * @param bytes at the latest with that many encoded bytes
 * @param interval when the oldest request has waited that long, and not before; null: as soon as a
 *     writer is free, or a little later if that gathers many more
 */
public record Thresholds(int rows, long bytes, @Nullable Duration interval) {}
