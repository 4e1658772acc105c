/**
 * The PostgreSQL server that comes with the service, for users who have none: its data directory,
 * its programs and its process, which is restarted if it terminates.
 *
 * <p>The rest of the service uses it by its URL, like any other database. Begin with {@link
 * attolytics.embedded.EmbeddedDatabase}.
 */
@NullMarked
package attolytics.embedded;

import org.jspecify.annotations.NullMarked;
