/**
 * The simulator: two instances' rings and writers, the real ones, on virtual time, against a model
 * of PostgreSQL. {@link attolytics.simulate.Plan} says which requests arrive and what breaks when,
 * {@link attolytics.simulate.Simulation} carries it out, {@link attolytics.simulate.Oracle} judges
 * every answer. Everything is drawn from a seed, and a seed repeats exactly.
 *
 * <pre>
 *   clients ──► ring 0 ──► writers ──► model of a connection ──┐
 *      │                                                       ├──► model of a server
 *      └──────► ring 1 ──► writers ──► model of a connection ──┘          ▲
 *         ▲                   ▲                  ▲                        │
 *         └───────────────────┴── scheduler ─────┴────────── faults ──────┘
 * </pre>
 *
 * <p>Writers are threads, of which one runs at a time: where one waits, for requests, for the
 * database or for a pause to end, the {@link attolytics.simulate.Scheduler} picks who goes on. All
 * else are events, which run on whichever thread has just begun to wait.
 *
 * <p>See {@code docs/torture.md}.
 */
@NullMarked
package attolytics.simulate;

import org.jspecify.annotations.NullMarked;
