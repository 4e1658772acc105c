/**
 * Raw results: a {@link attolytics.bench.result.Round} of a {@link
 * attolytics.bench.result.Scenario} is a line of a CSV file in {@code bench/results}. What is made
 * of them is in {@code report}.
 */
@NullMarked
package attolytics.bench.result;

import org.jspecify.annotations.NullMarked;
