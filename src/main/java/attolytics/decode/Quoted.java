package attolytics.decode;

import attolytics.encoding.Excerpt;
import attolytics.encoding.JsonReader;
import attolytics.encoding.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Values from a request, cut to a bounded length and in one line, for error messages. */
final class Quoted {
  private static final int MAX_CHARS = 64;

  /** So many bytes of UTF-8 contain at least {@link #MAX_CHARS} characters. */
  private static final int MAX_BYTES = 4 * MAX_CHARS;

  private static final Pattern CONTROL_CHARACTER = Pattern.compile("\\p{Cc}");

  private Quoted() {}

  static String of(Text text) {
    return of(cut(text));
  }

  private static String of(String cut) {
    return '"' + CONTROL_CHARACTER.matcher(cut).replaceAll("\uFFFD") + '"';
  }

  /** The current value: the whole value of a field, or the invalid part of it. */
  static String invalidValue(JsonReader json) throws IOException {
    return switch (json.token()) {
      case START_ARRAY -> "an array";
      case START_OBJECT -> "an object";
      case FIELD_NAME -> of(cut(json.name())); // in a json column
      case VALUE_STRING -> of(json.text());
      default -> cut(json.text()); // a number, true, false or null
    };
  }

  /** At most {@value #MAX_CHARS} characters of the text; if it was cut, the last is an ellipsis. */
  static String cut(Text text) {
    int bytes = Math.min(text.length(), MAX_BYTES);
    return cut(new String(text.bytes(), text.start(), bytes, StandardCharsets.UTF_8));
  }

  static String cut(String text) {
    return Excerpt.of(text, MAX_CHARS);
  }
}
