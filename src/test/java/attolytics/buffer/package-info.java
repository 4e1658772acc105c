@NullMarked
package attolytics.buffer;

import org.jspecify.annotations.NullMarked;
