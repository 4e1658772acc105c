/**
 * The latest outages, refused requests and log warnings, in bounded memory, for the status page.
 * Repeats are counted in one entry, so that a flood is cheap and does not displace other entries.
 *
 * <p>Entries contain no values of events and no secret keys: code that adds one, in {@code http} or
 * by logging, must leave them out. Start with {@link attolytics.recent.RecentRefusals}.
 */
@NullMarked
package attolytics.recent;

import org.jspecify.annotations.NullMarked;
