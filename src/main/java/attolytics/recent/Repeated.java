package attolytics.recent;

import java.time.Instant;

/**
 * Something that has happened at least once.
 *
 * @param newest of those that count as equal
 * @param count how many there were since the first of them that is still remembered
 * @param first when that was
 * @param last when the newest was
 */
public record Repeated<T>(T newest, long count, Instant first, Instant last) {}
