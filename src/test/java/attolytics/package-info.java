/** What tests of several packages need. */
@NullMarked
package attolytics;

import org.jspecify.annotations.NullMarked;
