/**
 * The latest refused requests and log warnings, in bounded memory, for the status page. Repeats are
 * counted in one entry, so that a flood is cheap and does not displace other entries.
 *
 * <p>Entries contain neither values of events nor secret keys, as the code that adds them, in
 * {@code http} and wherever something is logged, leaves these out. Start with {@link
 * attolytics.recent.RecentRefusals}.
 */
@NullMarked
package attolytics.recent;

import org.jspecify.annotations.NullMarked;
