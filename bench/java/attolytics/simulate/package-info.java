/**
 * The simulator: deterministic simulation testing of the path from the ring to the answer, as
 * TigerBeetle and FoundationDB do it. Two instances' rings and writers, the real ones, run on
 * virtual time against a model of PostgreSQL, and every answer is judged. Everything is drawn from
 * a seed, and a seed repeats exactly.
 *
 * <p>This package holds the command, and one simulation from its begin to its end. Begin with
 * {@link attolytics.simulate.Simulation}: {@link attolytics.simulate.Clients} send what the plan
 * says, {@link attolytics.simulate.FaultInjector} breaks what the plan says. A {@link
 * attolytics.simulate.Campaign} is many simulations.
 *
 * <pre>
 *   clients ──► ring 0 ──► writers ──► model of a connection ──┐
 *      │                                                       ├──► model of a server
 *      └──────► ring 1 ──► writers ──► model of a connection ──┘          ▲
 *         ▲                   ▲                  ▲                        │
 *         └───────────────────┴── scheduler ─────┴────────── faults ──────┘
 * </pre>
 *
 * <p>Each package uses those below it, and none above:
 *
 * <pre>
 *   simulate    the command, a simulation, clients, faults
 *   instance    the real writers, and the model of their connections
 *   oracle      what must not happen
 *   server      the model of PostgreSQL
 *   plan        what arrives and what breaks, drawn from the seed; shrinking
 *   workload    requests, rows and attempts
 *   runtime     virtual time, threads, random numbers, the trace
 * </pre>
 *
 * <p>See {@code docs/torture.md}.
 */
@NullMarked
package attolytics.simulate;

import org.jspecify.annotations.NullMarked;
