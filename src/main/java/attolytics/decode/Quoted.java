package attolytics.decode;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** What a client sent, as an error may show it to that client: cut, for it may be long. */
final class Quoted {
  private static final int MAX_CHARS = 64;

  private Quoted() {}

  static String of(String text) {
    return '"' + cut(text) + '"';
  }

  /** The parser's current value. */
  static String value(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> '"' + text(parser) + '"';
      default -> text(parser);
    };
  }

  /** At most 64 characters of the text; where it was cut, the last of them says so. */
  static String cut(String text) {
    return text.length() <= MAX_CHARS ? text : ellipsis(text);
  }

  private static String text(JsonParser parser) throws IOException {
    if (parser.getTextLength() <= MAX_CHARS) {
      return parser.getText();
    }
    return ellipsis(new String(parser.getTextCharacters(), parser.getTextOffset(), MAX_CHARS));
  }

  private static String ellipsis(String text) {
    int end = MAX_CHARS - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }
}
