/**
 * Looks after the events in quarantine once they are there: forgets the old ones and counts the
 * others ({@link attolytics.quarantine.QuarantineUpkeep}), and stores those that have become valid
 * ({@link attolytics.quarantine.Replayer}).
 *
 * <p>How events get into quarantine is the business of {@code decode} and {@code flush}; the table
 * is described in {@code schema} and created by {@code database}.
 */
@NullMarked
package attolytics.quarantine;

import org.jspecify.annotations.NullMarked;
