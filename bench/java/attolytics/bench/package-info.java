/**
 * Benchmarks, all started by {@link attolytics.bench.BenchCommand}. Two kinds:
 *
 * <ul>
 *   <li>of one stage, with JMH: {@code jmh};
 *   <li>of the whole service: each {@code part} brings one {@code load} after the other to the
 *       {@code rig}, which starts the servers by {@code process}, and those of {@code insert} for
 *       comparison.
 * </ul>
 *
 * <pre>
 *   Load ──► Rig ──► Round ──► Results (CSV) ──► Report ──► tables, charts
 *   load     rig     result    result           report
 * </pre>
 *
 * See {@code bench/README.md}.
 */
@NullMarked
package attolytics.bench;

import org.jspecify.annotations.NullMarked;
