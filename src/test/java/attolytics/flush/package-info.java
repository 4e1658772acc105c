@NullMarked
package attolytics.flush;

import org.jspecify.annotations.NullMarked;
