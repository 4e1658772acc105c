/**
 * Benchmarks, all started by {@link attolytics.bench.BenchCommand}. Two kinds:
 *
 * <ul>
 *   <li>of one stage, with JMH: the classes called {@code …Benchmark};
 *   <li>of the whole service: {@link attolytics.bench.Closed}, {@link attolytics.bench.Open},
 *       {@link attolytics.bench.Peers} and the like bring a {@link attolytics.bench.Load} after the
 *       other to the {@link attolytics.bench.Rig}, in {@link attolytics.bench.Turns}.
 * </ul>
 *
 * <pre>
 *   Load ──► Rig ──► Round ──► Results (CSV) ──► Report ──► tables, charts
 * </pre>
 *
 * See {@code bench/README.md}.
 */
@NullMarked
package attolytics.bench;

import org.jspecify.annotations.NullMarked;
