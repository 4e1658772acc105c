/**
 * Benchmarks. Two kinds:
 *
 * <ul>
 *   <li>of one stage, with JMH: {@link attolytics.bench.DecodeBenchmark}, {@link
 *       attolytics.bench.RingBenchmark};
 *   <li>of the whole service, {@link attolytics.bench.EndToEnd}: a {@link attolytics.bench.Load}
 *       after the other on the same table of the same server, in turns.
 * </ul>
 *
 * See {@code bench/README.md}.
 */
@NullMarked
package attolytics.bench;

import org.jspecify.annotations.NullMarked;
