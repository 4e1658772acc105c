/**
 * Maintains the events in quarantine: {@link attolytics.quarantine.QuarantineUpkeep} deletes the
 * old ones and counts the others, and {@link attolytics.quarantine.Replayer} stores those that have
 * become valid ({@code attolytics replay}).
 *
 * <p>Events get there through {@code decode}, which makes rows of them, and {@code flush}, which
 * writes these with all others. The table is described in {@code schema} and created by {@code
 * database.migration}.
 */
@NullMarked
package attolytics.quarantine;

import org.jspecify.annotations.NullMarked;
