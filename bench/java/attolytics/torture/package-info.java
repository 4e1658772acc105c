/**
 * The torture test: two instances of the service and one PostgreSQL server, as processes of their
 * own, are hurt in every way that {@link attolytics.torture.Fault} lists, while clients send what
 * they have to; at the end {@link attolytics.torture.Oracle} compares what they were told with what
 * the database holds.
 *
 * <pre>
 *   clients ──► service 0 ──► proxy 0 ──┐
 *      │  │                             ├──► PostgreSQL
 *      │  └───► service 1 ──► proxy 1 ──┘        ▲
 *      │            ▲            ▲               │
 *      ▼            └───── faults, in waves ─────┘
 *   requests and          │
 *   their attempts        ▼
 *      └──► oracle ◄── timeline: what was broken when, and what that excuses
 * </pre>
 *
 * Between a proxy and PostgreSQL there is PgBouncer in transaction mode for one of the instances,
 * if it is installed.
 *
 * <p>Everything is drawn from a seed, but no run is like another: threads and processes race. A
 * seed that found something finds it again often, not always.
 *
 * <p>See {@code docs/torture.md}.
 */
@NullMarked
package attolytics.torture;

import org.jspecify.annotations.NullMarked;
