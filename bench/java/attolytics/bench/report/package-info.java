/**
 * Tables and charts from the raw results, which it puts into {@code bench/README.md}: begin with
 * {@link attolytics.bench.report.Report}. Nothing is measured here.
 */
@NullMarked
package attolytics.bench.report;

import org.jspecify.annotations.NullMarked;
