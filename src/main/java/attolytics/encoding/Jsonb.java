package attolytics.encoding;

import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import attolytics.json.Text;
import attolytics.json.Utf8;
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
  public static @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out)
      throws MalformedJsonException {
    int field = out.size();
    out.putInt(0);
    out.putByte(VERSION);
    ValueError error = putValue(kind, json, out);
    out.setInt(field, out.size() - field - Integer.BYTES);
    return error;
  }

  /** Writes the value that was just read as text, without the frame of a field. */
  public static @Nullable ValueError putValue(Kind kind, JsonReader json, CopyBuffer out)
      throws MalformedJsonException {
    int start = json.valueStart();
    ValueError error = kind.isContainer() ? checkEntries(json) : check(kind, json.text());
    if (error == null) {
      putText(json.bytes(), start, json.position(), out);
    }
    return error;
  }

  /** Writes a field from JSON text that was written by the other methods. */
  public static void putField(byte[] text, int length, CopyBuffer out) {
    out.putInt(1 + length);
    out.putByte(VERSION);
    out.put(text, 0, length);
  }

  private static @Nullable ValueError checkEntries(JsonReader json) throws MalformedJsonException {
    ValueError error = null;
    int outer = json.depth() - 1;
    while (error == null && json.depth() > outer) {
      if (json.next()) {
        if (json.inObject()) {
          json.name();
          error = check(Kind.STRING, json.text());
        }
        if (error == null) {
          error = check(json.value(), json.text());
        }
      }
    }
    return error;
  }

  /** Copies checked JSON, replacing escapes of non-ASCII characters. */
  public static void putText(byte[] json, int from, int to, CopyBuffer out) {
    int copied = from;
    int at = from;
    while (at < to) {
      if (json[at] != '\\') {
        at++;
      } else if (json[at + 1] != 'u') {
        at += 2;
      } else {
        int escape = at;
        int character = hex(json, at + 2);
        at += 6;
        if (Character.isHighSurrogate(
            (char) character)) { // its low surrogate follows: checked before
          character = Character.toCodePoint((char) character, (char) hex(json, at + 2));
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

  private static int hex(byte[] json, int at) {
    int value = 0;
    for (int i = at; i < at + 4; i++) {
      value = value << 4 | Character.digit(json[i], 16);
    }
    return value;
  }

  private static @Nullable ValueError check(Kind kind, Text text) {
    return switch (kind) {
      case STRING -> text.hasNulOrLoneSurrogate() ? ValueError.INVALID_STRING : null;
      case INTEGER, DECIMAL ->
          Numbers.fitsNumeric(text.bytes(), text.start(), text.length())
              ? null
              : ValueError.OUT_OF_RANGE;
      default -> null;
    };
  }
}
