@NullMarked
package attolytics.flush.transaction;

import org.jspecify.annotations.NullMarked;
