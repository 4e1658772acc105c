@NullMarked
package attolytics.metrics;

import org.jspecify.annotations.NullMarked;
