/** Random tables of every type and key: what is posted is what a SELECT returns. */
@NullMarked
package attolytics.roundtrip;

import org.jspecify.annotations.NullMarked;
