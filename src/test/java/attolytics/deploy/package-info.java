/**
 * Everything in {@code deploy/}, tried with the real program that each file is for. Where such a
 * program is not installed, its tests are skipped; {@code .ci/run} installs them.
 */
@NullMarked
package attolytics.deploy;

import org.jspecify.annotations.NullMarked;
