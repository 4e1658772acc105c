/**
 * The PostgreSQL server that comes with the service, for users who do not run their own: its data
 * directory, its binaries and its process, which is restarted if it exits.
 *
 * <p>The rest of the service connects to it by URL, as it would to any other database. Start with
 * {@link attolytics.embedded.EmbeddedDatabase}.
 */
@NullMarked
package attolytics.embedded;

import org.jspecify.annotations.NullMarked;
