/**
 * The service's public port with other ways to write behind it, for comparison: INSERTs in place of
 * COPY. {@link attolytics.bench.insert.InsertServer} is a program of its own, which the rig starts.
 */
@NullMarked
package attolytics.bench.insert;

import org.jspecify.annotations.NullMarked;
