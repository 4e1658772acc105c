/**
 * The output of log events: as text or JSON lines, at which level, and with repeats counted instead
 * of printed. Begin with {@link attolytics.logging.LogSetup}, which Logback calls.
 *
 * <p>Code that logs needs {@link attolytics.logging.LogMarkers} of this package at most.
 */
@NullMarked
package attolytics.logging;

import org.jspecify.annotations.NullMarked;
