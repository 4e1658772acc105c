/**
 * Benchmarks of one stage, with JMH: the classes called {@code …Benchmark}. {@link
 * attolytics.bench.jmh.JacksonDecoder} is what the service's decoder is compared with; {@code
 * bench/jackson} puts it into a jar of the service.
 */
@NullMarked
package attolytics.bench.jmh;

import org.jspecify.annotations.NullMarked;
