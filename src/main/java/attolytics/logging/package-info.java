/** How the log is kept: what those who write to it have to know of. */
@NullMarked
package attolytics.logging;

import org.jspecify.annotations.NullMarked;
