@NullMarked
package attolytics.encoding;

import org.jspecify.annotations.NullMarked;
