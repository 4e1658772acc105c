/**
 * How log events are printed: as text or JSON lines, at which level, and with repeats counted
 * instead of printed. {@link attolytics.logging.LogSetup} is what Logback calls first.
 *
 * <p>What is logged is decided where it happens; {@link attolytics.logging.LogMarkers} are what the
 * code that logs has to know of this package.
 */
@NullMarked
package attolytics.logging;

import org.jspecify.annotations.NullMarked;
