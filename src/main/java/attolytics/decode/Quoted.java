package attolytics.decode;

import attolytics.encoding.ValueError;
import attolytics.json.JsonReader;
import attolytics.json.Text;
import java.nio.charset.StandardCharsets;

/** Values from a request, cut to a bounded length, for error messages. */
final class Quoted {
  private static final int MAX_CHARS = 64;

  /** So many bytes of UTF-8 contain at least {@link #MAX_CHARS} characters. */
  private static final int MAX_BYTES = 4 * MAX_CHARS;

  private Quoted() {}

  static String of(Text text) {
    return '"' + cut(text) + '"';
  }

  /** The value that was just read: the whole value of a field, or the invalid part of it. */
  static String invalidValue(ValueError error, JsonReader json) {
    Text text = json.text();
    if (error == ValueError.INVALID_STRING) {
      return of(text); // the name of a field, if it is in a json column
    }
    return switch (json.bytes()[json.valueStart()]) {
      case 'n' -> "null";
      case 't' -> "true";
      case 'f' -> "false";
      case '[' -> "an array";
      case '{' -> "an object";
      case '"' -> of(text);
      default -> cut(text); // a number
    };
  }

  /** At most {@value #MAX_CHARS} characters of the text; if it was cut, the last is an ellipsis. */
  static String cut(Text text) {
    int bytes = Math.min(text.length(), MAX_BYTES);
    String all = new String(text.bytes(), text.start(), bytes, StandardCharsets.UTF_8);
    return all.length() <= MAX_CHARS ? all : ellipsis(all);
  }

  private static String ellipsis(String text) {
    int end = MAX_CHARS - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }
}
