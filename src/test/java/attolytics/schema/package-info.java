@NullMarked
package attolytics.schema;

import org.jspecify.annotations.NullMarked;
