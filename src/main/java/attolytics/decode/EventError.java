package attolytics.decode;

/**
 * One thing wrong with one event.
 *
 * @param event its place in the array, from 0
 * @param pointer JSON pointer (RFC 6901) to what is wrong, such as {@code /events/3/score}
 * @param code fixed, for programs
 * @param detail for people
 */
public record EventError(int event, String pointer, String code, String detail) {}
