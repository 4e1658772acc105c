package attolytics.encoding;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Encodes JSON values for JSONB columns. A field is
 *
 * <pre>
 *   0          4             5               4+n
 *   +----------+-------------+---------------+
 *   | length n | version = 1 | the JSON text |
 *   | int32    | int8        |               |
 *   +----------+-------------+---------------+
 * </pre>
 *
 * PostgreSQL itself normalizes whitespace, duplicate names and exponents. Escapes of non-ASCII
 * characters are replaced by the characters, as a database with the encoding SQL_ASCII rejects such
 * escapes.
 *
 * @see <a href="https://www.postgresql.org/docs/current/datatype-json.html">JSON Types</a>
 */
public final class Jsonb {
  private static final int VERSION = 1;

  private Jsonb() {}

  /** On an error, the reader is left at the name, string or number that caused it. */
  public static @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
    int field = out.size();
    out.putInt(0);
    out.putByte(VERSION);
    ValueError error = putValue(json, out);
    out.setInt(field, out.size() - field - Integer.BYTES);
    return error;
  }

  /** Writes the current value as text, without the frame of a field. */
  public static @Nullable ValueError putValue(JsonReader json, CopyBuffer out) throws IOException {
    int start = json.tokenStart();
    ValueError error = check(json);
    if (error == null) {
      putText(json.bytes(), start, json.tokenEnd(), out);
    }
    return error;
  }

  /** Writes a field from JSON text that was written by the other methods. */
  public static void putField(byte[] text, int length, CopyBuffer out) {
    out.putInt(1 + length);
    out.putByte(VERSION);
    out.put(text, 0, length);
  }

  /** Reads the value to its end, or to the part that JSONB cannot hold. */
  private static @Nullable ValueError check(JsonReader json) throws IOException {
    int outer = json.token().isStructStart() ? json.depth() - 1 : json.depth();
    ValueError error = checkToken(json);
    while (error == null && json.depth() > outer) {
      json.nextToken();
      error = checkToken(json);
    }
    return error;
  }

  /** Copies checked JSON, replacing escapes of non-ASCII characters. */
  private static void putText(byte[] json, int from, int to, CopyBuffer out) {
    int copied = from;
    int at = from;
    while (at < to) {
      if (json[at] != '\\') {
        at++;
      } else if (json[at + 1] != 'u') {
        at += 2;
      } else {
        int escape = at;
        char unit = Text.codeUnit(json, at + 2);
        int character = unit;
        at += 6;
        if (Character.isHighSurrogate(unit)) { // its low surrogate follows: checked before
          character = Character.toCodePoint(unit, Text.codeUnit(json, at + 2));
          at += 6;
        }
        if (character >= 0x80) {
          out.put(json, copied, escape - copied);
          byte[] utf8 = new byte[Utf8.MAX_BYTES];
          out.put(utf8, 0, Utf8.put(character, utf8, 0));
          copied = at;
        }
      }
    }
    out.put(json, copied, to - copied);
  }

  private static @Nullable ValueError checkToken(JsonReader json) throws IOException {
    return switch (json.token()) {
      case FIELD_NAME -> json.nameHasNulOrLoneSurrogate() ? ValueError.INVALID_STRING : null;
      case VALUE_STRING -> json.text().hasNulOrLoneSurrogate() ? ValueError.INVALID_STRING : null;
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
          fitsNumeric(json.text()) ? null : ValueError.OUT_OF_RANGE;
      default -> null;
    };
  }

  private static boolean fitsNumeric(Text number) {
    return Numbers.fitsNumeric(number.bytes(), number.start(), number.length());
  }
}
