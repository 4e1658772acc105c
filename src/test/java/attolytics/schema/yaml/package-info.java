@NullMarked
package attolytics.schema.yaml;

import org.jspecify.annotations.NullMarked;
