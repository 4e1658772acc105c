@NullMarked
package attolytics.json;

import org.jspecify.annotations.NullMarked;
