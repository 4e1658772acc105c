/**
 * Maintains the events in quarantine: {@link attolytics.quarantine.QuarantineUpkeep} deletes the
 * old ones and counts the others, and {@link attolytics.quarantine.Replayer} stores those that are
 * valid by the current schema file ({@code attolytics replay}).
 *
 * <p>{@code decode} turns invalid events into rows of the quarantine, and {@code flush} writes
 * these like any others. The table is described in {@code schema} and created by {@code
 * database.migration}.
 */
@NullMarked
package attolytics.quarantine;

import org.jspecify.annotations.NullMarked;
