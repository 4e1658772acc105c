package attolytics.recent;

/**
 * A line of the log.
 *
 * @param logger simple name
 * @param message in one line, without passwords, cut to a bounded length
 */
public record LogLine(String level, String logger, String message) {}
