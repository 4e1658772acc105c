/**
 * The processes that take part, and what they use: starts a PostgreSQL server and the service's
 * jar, reads processor time, memory and allocations. The torture test and some tests of the service
 * use {@link attolytics.bench.process.PostgresServer} as well. Nothing here depends on the rest of
 * the benchmark.
 */
@NullMarked
package attolytics.bench.process;

import org.jspecify.annotations.NullMarked;
