@NullMarked
package attolytics.quarantine;

import org.jspecify.annotations.NullMarked;
