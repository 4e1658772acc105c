@NullMarked
package attolytics.decode;

import org.jspecify.annotations.NullMarked;
