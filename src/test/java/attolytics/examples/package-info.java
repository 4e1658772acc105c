/** The examples of {@code docs/examples}, against traffic whose figures are computed here, too. */
@NullMarked
package attolytics.examples;

import org.jspecify.annotations.NullMarked;
