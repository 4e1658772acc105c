package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.schema.App;
import attolytics.schema.CopyBuffer;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a request and encodes its events as rows. One a thread: not thread-safe.
 *
 * <pre>
 *   {"secret_key": "…", "events": [{"_t": "table", "column": value, …}, …]}
 * </pre>
 *
 * <p>The keys may come in any order, so nothing is refused before the end: all that is wrong is
 * collected, and the caller decides what the client may be told.
 */
public final class Decoder {
  static final String TABLE_FIELD = "_t";

  /** Deeper than any sane event, shallow enough to cost nothing. */
  private static final int MAX_DEPTH = 1000;

  private final JsonFactory json =
      JsonFactory.builder()
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          // A body of nothing but new names would take the JVM a second to intern.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          // Bodies are bounded already; within a body, any string or number may be long.
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private final Decoded result = new Decoded();
  private final RowEncoder row = new RowEncoder(result);

  // Of the body being decoded; set by decode, which nothing calls but the owner's thread.
  private @Nullable App app;
  private byte[] body = {};
  private int length;
  private @Nullable Table lastTable;

  /**
   * Decodes a body.
   *
   * @param body bytes 0 to {@code length}, after decompression
   * @param into takes the rows; empty before, and complete only if nothing is wrong
   * @return valid until the next call
   * @throws CopyBuffer.LimitExceededException if the rows outgrow what {@code into} may hold
   */
  public Decoded decode(App app, byte[] body, int length, Headers headers, Batch into) {
    this.app = app;
    this.body = body;
    this.length = length;
    lastTable = null;
    result.clear();
    row.begin(app, headers, into);
    int malformedAt = Utf8.firstMalformed(body, length);
    if (malformedAt >= 0) {
      result.malformed = "the body is not UTF-8 at byte " + malformedAt;
    } else if (looksLikeUtf16Or32()) {
      result.malformed = "the body is not UTF-8, or begins with U+0000";
    } else if (!readBody(false)) {
      // An event named its table twice and the last one counts: this time, look ahead in each.
      result.clear();
      into.clear();
      readBody(true);
    }
    return result;
  }

  /** The parser would guess these encodings from where the zeros stand. */
  private boolean looksLikeUtf16Or32() {
    for (int i = 0; i < Math.min(4, length); i++) {
      if (body[i] == 0) {
        return true;
      }
    }
    return false;
  }

  /** False if it has to be read again, looking ahead for each event's table. */
  private boolean readBody(boolean lookAhead) {
    try (JsonParser parser = json.createParser(body, 0, length)) {
      return readObject(parser, lookAhead);
    } catch (JsonProcessingException e) {
      // The parser's own message would quote the body, where a key might stand.
      JsonLocation at = e.getLocation();
      result.malformed =
          at == null
              ? "the body is not JSON"
              : "the body is not JSON at line " + at.getLineNr() + ", column " + at.getColumnNr();
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  private boolean readObject(JsonParser parser, boolean lookAhead) throws IOException {
    JsonToken root = parser.nextToken();
    if (root == null) {
      result.malformed = "the body is empty";
      return true;
    }
    boolean keySeen = false;
    boolean eventsSeen = false;
    if (root == JsonToken.START_OBJECT) {
      for (String name; (name = parser.nextFieldName()) != null; ) {
        parser.nextToken();
        if ((name.equals("secret_key") && keySeen) || (name.equals("events") && eventsSeen)) {
          result.malformed = name + " is given twice";
          return true;
        }
        switch (name) {
          case "secret_key" -> {
            keySeen = true;
            readKey(parser);
          }
          case "events" -> {
            eventsSeen = true;
            if (!readEvents(parser, lookAhead)) {
              return false;
            }
          }
          default -> parser.skipChildren();
        }
      }
    } else {
      parser.skipChildren();
    }
    if (parser.nextToken() != null) {
      result.malformed = "the body goes on after its JSON value";
    } else if (root != JsonToken.START_OBJECT) {
      result.misshapen = "the body has to be a JSON object with secret_key and events";
    } else if (!eventsSeen) {
      result.misshapen = "events is missing: an array of events";
    }
    return true;
  }

  private void readKey(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      result.secretKey = parser.getText();
    } else {
      result.misshapen = "secret_key has to be a string";
      parser.skipChildren();
    }
  }

  private boolean readEvents(JsonParser parser, boolean lookAhead) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      result.misshapen = "events has to be an array";
      parser.skipChildren();
      return true;
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (!readEvent(parser, result.events++, lookAhead)) {
        return false;
      }
    }
    return true;
  }

  private boolean readEvent(JsonParser parser, int event, boolean lookAhead) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      result.fail(event, null, "type_mismatch", "an event has to be an object");
      parser.skipChildren();
      return true;
    }
    String field = parser.nextFieldName();
    boolean tableSeen = !lookAhead && TABLE_FIELD.equals(field);
    Table table;
    if (tableSeen) {
      parser.nextToken();
      table = readTable(parser, event);
      parser.skipChildren();
      field = parser.nextFieldName();
    } else {
      table = field == null ? missingTable(event) : findTable(parser, event);
    }
    if (table != null) {
      row.start(table, event);
    }
    for (; field != null; field = parser.nextFieldName()) {
      parser.nextToken();
      if (field.equals(TABLE_FIELD)) {
        if (tableSeen && strict()) {
          result.fail(event, TABLE_FIELD, "duplicate_field", "_t is given twice");
        } else if (tableSeen && !lookAhead) {
          return false;
        }
        tableSeen = true;
        parser.skipChildren();
      } else if (table == null) {
        parser.skipChildren();
      } else {
        row.field(table, field, parser);
      }
    }
    if (table != null) {
      row.end(table);
    }
    return true;
  }

  /** The table that the current value names; null, and noted, if it names none of the app's. */
  private @Nullable Table readTable(JsonParser parser, int event) throws IOException {
    // Most events name the same table as the one before: no string needs to be made of it then.
    Table last = lastTable;
    if (last != null && isString(parser, last.name())) {
      return last;
    }
    lastTable = tableNamed(stringOrNull(parser), event);
    return lastTable;
  }

  /** Like {@link #readTable}, for an event whose first field is the parser's current token. */
  private @Nullable Table findTable(JsonParser parser, int event) throws IOException {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    while (body[start] != '{') {
      start--;
    }
    boolean seen = false;
    String name = null;
    try (JsonParser ahead = json.createParser(body, start, length - start)) {
      ahead.nextToken();
      for (String field; (field = ahead.nextFieldName()) != null; ) {
        ahead.nextToken();
        if (field.equals(TABLE_FIELD) && !(seen && strict())) {
          seen = true;
          name = stringOrNull(ahead);
        }
        ahead.skipChildren();
      }
    } catch (JsonProcessingException e) {
      return null; // the walk will come to it, and say where
    }
    return seen ? tableNamed(name, event) : missingTable(event);
  }

  private @Nullable Table tableNamed(@Nullable String name, int event) {
    if (name == null) {
      result.fail(event, TABLE_FIELD, "type_mismatch", "_t has to be a string");
      return null;
    }
    Table table = Objects.requireNonNull(app).table(name);
    if (table == null && result.foreignTable == null) {
      result.foreignTable =
          "/events/" + event + "/_t names " + Quoted.of(name) + ", which is no table of the app";
    }
    return table;
  }

  private @Nullable Table missingTable(int event) {
    result.fail(event, TABLE_FIELD, "missing_field", "_t has to name the event's table");
    return null;
  }

  private boolean strict() {
    return Objects.requireNonNull(app).validation() == Validation.STRICT;
  }

  private static @Nullable String stringOrNull(JsonParser parser) throws IOException {
    return parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : null;
  }

  private static boolean isString(JsonParser parser, String text) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING
        || parser.getTextLength() != text.length()) {
      return false;
    }
    char[] chars = parser.getTextCharacters();
    int from = parser.getTextOffset();
    for (int i = 0; i < text.length(); i++) {
      if (chars[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
