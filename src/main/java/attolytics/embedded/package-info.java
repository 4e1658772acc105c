/**
 * The PostgreSQL that the service brings along for those who have no server: its data directory,
 * its programs and its process, which is watched and started again.
 *
 * <p>Nothing else knows whether the database is embedded: it is used by its URL. Begin with {@link
 * attolytics.embedded.EmbeddedDatabase}.
 */
@NullMarked
package attolytics.embedded;

import org.jspecify.annotations.NullMarked;
