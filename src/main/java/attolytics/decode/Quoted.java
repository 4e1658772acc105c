package attolytics.decode;

import attolytics.encoding.ValueError;
import attolytics.json.Kind;
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

  /**
   * An invalid value.
   *
   * @param kind of the whole value
   * @param text of the value, or in a json column of the string or number that is invalid
   */
  static String invalidValue(ValueError error, Kind kind, Text text) {
    if (error == ValueError.INVALID_STRING) {
      return of(text);
    } else if (error == ValueError.OUT_OF_RANGE) {
      return cut(text);
    }
    return switch (kind) {
      case NULL -> "null";
      case TRUE -> "true";
      case FALSE -> "false";
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case STRING -> of(text);
      case INTEGER, DECIMAL -> cut(text);
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
