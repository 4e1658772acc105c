package attolytics.decode;

/**
 * An error in an event.
 *
 * @param event the event's index in the array
 * @param pointer JSON pointer (RFC 6901) to the invalid value, such as {@code /events/3/score}
 * @param code a fixed identifier, for programs
 * @param detail an explanation, for people
 */
public record EventError(int event, String pointer, String code, String detail) {}
