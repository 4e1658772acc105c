package attolytics.schema;

import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import attolytics.json.Text;
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
 * What space, duplicate names and exponents become is PostgreSQL's to say.
 *
 * @see <a href="https://www.postgresql.org/docs/current/datatype-json.html">JSON Types</a>
 */
final class Jsonb {
  private static final int VERSION = 1;

  private Jsonb() {}

  /** If the value does not fit, the reader stays at the name, string or number that is why. */
  static @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out)
      throws MalformedJsonException {
    int start = json.valueStart();
    ValueError error = kind.isContainer() ? checkEntries(json) : check(kind, json.text());
    if (error == null) {
      int length = json.position() - start;
      out.putInt(1 + length);
      out.putByte(VERSION);
      out.put(json.bytes(), start, length);
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
