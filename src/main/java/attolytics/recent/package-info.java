/**
 * What happened last, in bounded memory, for the status page: refused requests and warnings of the
 * log. Repeats are counted in one entry, so that a flood neither costs much nor displaces the rest.
 *
 * <p>Nothing here contains values of events or keys: what is recorded was written without them, by
 * {@code http} and in log messages. Begin with {@link attolytics.recent.RecentRefusals}.
 */
@NullMarked
package attolytics.recent;

import org.jspecify.annotations.NullMarked;
