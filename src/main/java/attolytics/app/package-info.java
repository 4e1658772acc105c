/**
 * The outermost layer: command line, settings, wiring, start and stop order, embedded database. The
 * only package that sees every other; none of them sees it.
 */
@NullMarked
package attolytics.app;

import org.jspecify.annotations.NullMarked;
