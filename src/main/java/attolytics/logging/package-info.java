/**
 * How log messages are written: as text or JSON lines, from which level on, and with repeated
 * messages counted instead of printed. Start with {@link attolytics.logging.LogSetup}, which
 * Logback calls.
 *
 * <p>Code that logs needs at most {@link attolytics.logging.LogMarkers} from this package.
 */
@NullMarked
package attolytics.logging;

import org.jspecify.annotations.NullMarked;
