package attolytics.metrics;

/**
 * All metrics as they are at one time, as the answer to a scrape.
 *
 * @param contentType for the header of that name
 */
public record Exposition(String contentType, String text) {}
