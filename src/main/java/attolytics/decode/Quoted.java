package attolytics.decode;

import attolytics.encoding.ValueError;
import attolytics.json.Kind;
import attolytics.json.Text;
import java.nio.charset.StandardCharsets;

/** What a client sent, as an error may show it to that client: cut, for it may be long. */
final class Quoted {
  private static final int MAX_CHARS = 64;

  /** Of UTF-8, that many bytes have more than enough characters. */
  private static final int MAX_BYTES = 4 * MAX_CHARS;

  private Quoted() {}

  static String of(Text text) {
    return '"' + cut(text) + '"';
  }

  /**
   * What does not fit.
   *
   * @param kind that of the whole value
   * @param text of the value, or in JSON of the string or number in it that is why
   */
  static String misfit(ValueError error, Kind kind, Text text) {
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

  /**
   * At most {@value #MAX_CHARS} characters of the text; where it was cut, the last of them says so.
   */
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
