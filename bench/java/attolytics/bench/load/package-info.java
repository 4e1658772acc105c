/**
 * Loads and what they are made of: the example's events, bodies and requests of them, connections,
 * and the loops that send them. Begin with {@link attolytics.bench.load.Load}. Nothing here knows
 * what is measured, or which server is before the database.
 */
@NullMarked
package attolytics.bench.load;

import org.jspecify.annotations.NullMarked;
