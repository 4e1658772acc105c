package attolytics.encoding;

import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import attolytics.json.Text;
import attolytics.json.Utf8;
import org.jspecify.annotations.Nullable;

/**
 * JSON values as JSONB takes them: a field of COPY is
 *
 * <pre>
 *   0          4             5               4+n
 *   +----------+-------------+---------------+
 *   | length n | version = 1 | the JSON text |
 *   | int32    | int8        |               |
 *   +----------+-------------+---------------+
 * </pre>
 *
 * What space, duplicate names and exponents become is PostgreSQL's to say. Characters beyond ASCII
 * are never written as escapes: of those, a database whose encoding is SQL_ASCII takes none.
 *
 * @see <a href="https://www.postgresql.org/docs/current/datatype-json.html">JSON Types</a>
 */
public final class Jsonb {
  private static final int VERSION = 1;

  private Jsonb() {}

  /** If the value does not fit, the reader stays at the name, string or number that is why. */
  public static @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out)
      throws MalformedJsonException {
    int start = json.valueStart();
    ValueError error = kind.isContainer() ? checkEntries(json) : check(kind, json.text());
    if (error == null) {
      int field = out.size();
      out.putInt(0);
      out.putByte(VERSION);
      putText(json.bytes(), start, json.position(), out);
      out.setInt(field, out.size() - field - Integer.BYTES);
    }
    return error;
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

  /** Copies JSON that was checked, but for escapes of characters beyond ASCII. */
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
        int character = hex(json, at + 2);
        at += 6;
        if (Character.isHighSurrogate((char) character)) { // the other half follows, as was checked
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
