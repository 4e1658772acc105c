/** Benchmarks of one stage, with JMH: the classes called {@code …Benchmark}. */
@NullMarked
package attolytics.bench.jmh;

import org.jspecify.annotations.NullMarked;
