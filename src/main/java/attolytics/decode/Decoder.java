package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.Text;
import attolytics.encoding.Utf8;
import attolytics.schema.App;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a request and encodes its events as rows. Not thread-safe.
 *
 * <pre>
 *   {"secret_key": "…", "events": [{"_t": "table", "column": value, …}, …]}
 * </pre>
 *
 * <p>The keys can come in any order, so errors are collected to the end of the body, and the caller
 * decides which of them the client sees. Events after a wrong {@code secret_key} are only counted.
 *
 * <p>Longer than other files because the grammar of a body is read as a whole, by one reader.
 */
public final class Decoder {
  private static final String SECRET_KEY = "secret_key";
  private static final String EVENTS = "events";
  private static final String TABLE_FIELD = "_t";
  private static final SerializableString TABLE_NAME = new SerializedString(TABLE_FIELD);
  private static final String UNKNOWN_TABLE = "unknown_table";
  private static final String NOT_A_TABLE = "_t does not name a table of the app";

  private final InstantSource clock;
  private final JsonReader json = new JsonReader();
  private final JsonReader again = new JsonReader(); // from the start of an event
  private final Decoded result = new Decoded();
  private final IdentityHashMap<App, Map<String, RowEncoder>> rowsByApp = new IdentityHashMap<>();

  // Of the request being decoded.
  private long request;
  private boolean trusted;
  private boolean strict;
  private Map<String, RowEncoder> rowsByTable = Map.of();
  private Headers headers = name -> null;
  private Batch batch = new Batch(0);
  private @Nullable String namedTable; // by the current event, if it is handled leniently
  private @Nullable RowEncoder lastRow; // most events have the same table as the previous one

  /** Uses the system clock. */
  public Decoder() {
    this(InstantSource.system());
  }

  /**
   * @param clock decides which events of partitioned tables are too old or too far ahead
   */
  public Decoder(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Decodes a body.
   *
   * @param body uncompressed; bytes 0 to {@code length}
   * @param into receives the rows; empty before the call, and complete only without errors
   * @return valid until the next call
   * @throws CopyBuffer.LimitExceededException if the rows exceed the limit of {@code into}
   */
  public Decoded decode(App app, byte[] body, int length, Headers headers, Batch into) {
    return decode(app, body, length, headers, into, null);
  }

  /**
   * Decodes a body whose invalid events are put into quarantine: each has a row there instead of
   * one in its table. They are no reason to refuse the request, but {@link Decoded#errors} has what
   * is wrong with them.
   *
   * @param arrival what is kept beside such an event
   * @throws CopyBuffer.LimitExceededException if the rows, or the events' texts, exceed the limit
   *     of {@code into}
   */
  public Decoded decodeLeniently(
      App app, byte[] body, int length, Headers headers, Batch into, Arrival arrival) {
    LenientEvents lenient = new LenientEvents(into, new QuarantineRows(app, arrival, headers));
    decode(app, body, length, headers, into, lenient);
    if (result.isRequest()) {
      lenient.keep(body, length, result.errors);
    }
    return result;
  }

  private Decoded decode(
      App app,
      byte[] body,
      int length,
      Headers headers,
      Batch into,
      @Nullable LenientEvents lenient) {
    trusted = true;
    rowsByTable = rowsOf(app);
    this.headers = headers;
    batch = into;
    lastRow = null;
    return read(app, body, length, lenient);
  }

  /**
   * Decodes a body but only counts its events, for a client that must not learn anything about
   * them.
   *
   * @return valid until the next call
   */
  public Decoded skim(App app, byte[] body, int length) {
    trusted = false;
    return read(app, body, length, null);
  }

  private Decoded read(App app, byte[] body, int length, @Nullable LenientEvents lenient) {
    request++;
    strict = app.validation() == Validation.STRICT;
    result.clear();
    result.lenient = lenient;
    int malformed = Utf8.firstMalformed(body, length); // jackson-core accepts some of it
    if (malformed >= 0) {
      result.malformed = notJson(body, malformed, "invalid UTF-8");
      return result;
    }
    try (json) {
      json.open(body, hasByteOrderMark(body, length) ? 3 : 0, length);
      readBody(app, body);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
    return result;
  }

  private void readBody(App app, byte[] body) throws IOException {
    try {
      readBody(app);
    } catch (JsonProcessingException e) {
      result.malformed = explain(body, e);
    }
  }

  private static boolean hasByteOrderMark(byte[] body, int length) {
    return length >= 3
        && body[0] == (byte) 0xEF
        && body[1] == (byte) 0xBB
        && body[2] == (byte) 0xBF;
  }

  /** The parser's own messages quote the body, which may contain a secret. */
  private String explain(byte[] body, JsonProcessingException e) {
    if (e instanceof StreamConstraintsException limit) {
      String what =
          JsonReader.isLongName(limit)
              ? "a name of more than " + JsonReader.MAX_NAME_BYTES + " bytes"
              : "nested deeper than " + JsonReader.MAX_DEPTH + " levels";
      return notJson(body, json.tokenStart(), what);
    }
    int offset = (int) e.getLocation().getByteOffset();
    boolean atEnd = e instanceof JsonEOFException;
    return notJson(body, offset, atEnd ? "unexpected end" : "unexpected character");
  }

  private Map<String, RowEncoder> rowsOf(App app) {
    Map<String, RowEncoder> rows = rowsByApp.get(app);
    if (rows == null) {
      // After a reload of the schema file, the encoders of the old app are garbage.
      rowsByApp.keySet().removeIf(known -> known.id().equals(app.id()));
      rows = new HashMap<>();
      for (Table table : app.tables()) {
        rows.put(table.name(), new RowEncoder(app, table, result, clock));
      }
      rowsByApp.put(app, rows);
    }
    return rows;
  }

  private void readBody(App app) throws IOException {
    boolean isObject = json.nextToken() == JsonToken.START_OBJECT;
    boolean keyRead = false;
    boolean eventsRead = false;
    while (isObject && json.nextToken() == JsonToken.FIELD_NAME) {
      boolean isKey = json.name().equals(SECRET_KEY);
      boolean isEvents = json.name().equals(EVENTS);
      if ((isKey && keyRead) || (isEvents && eventsRead)) {
        result.malformed = json.name() + " occurs twice";
        return;
      }
      keyRead |= isKey;
      eventsRead |= isEvents;
      if (isKey) {
        readKey(app, json.nextToken());
      } else if (isEvents) {
        readEvents(json.nextToken());
      }
      json.skipTo(1);
    }
    json.skipTo(0);
    json.readEnd();
    if (!isObject) {
      result.invalidShape = "the body must be a JSON object with secret_key and events";
    } else if (!eventsRead) {
      result.invalidShape = "events is missing; it must be an array of events";
    }
  }

  private void readKey(App app, JsonToken value) throws IOException {
    if (value == JsonToken.VALUE_STRING) {
      result.secretKey = json.text().toString();
      result.wrongSecretKey = !app.accepts(result.secretKey);
      trusted &= !result.wrongSecretKey; // events that follow are only counted
    } else {
      result.invalidShape = "secret_key must be a string";
    }
  }

  private void readEvents(JsonToken value) throws IOException {
    if (value != JsonToken.START_ARRAY) {
      result.invalidShape = "events must be an array";
      return;
    }
    int depth = json.depth();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      int event = result.events;
      int start = json.tokenStart();
      result.startEvent();
      namedTable = null;
      if (!trusted) {
        json.skipTo(depth);
        continue;
      }
      if (json.token() == JsonToken.START_OBJECT) {
        readEvent(event, start);
      } else {
        fail(event, null, notAnEvent("type_mismatch"), "an event must be an object");
        json.skipTo(depth);
      }
      if (result.lenient != null) {
        endLeniently(result.lenient, start);
      }
    }
  }

  /** Puts the event that has just been read into quarantine if it is invalid. */
  private void endLeniently(LenientEvents lenient, int start) throws IOException {
    lenient.add(start, json.tokenEnd());
    EventError error = result.firstError;
    if (error != null) {
      lenient.quarantine(error, namedTable, json.bytes());
    }
  }

  /** The code of what is not an event of any table, which has one of its own in quarantine. */
  private String notAnEvent(String strictCode) {
    return result.lenient == null ? strictCode : "not_an_event";
  }

  private void readEvent(int event, int start) throws IOException {
    if (!json.nextName(TABLE_NAME)) {
      readFields(json, findRow(event, start), event, false);
      return;
    }
    // As most clients send it: _t first.
    int depth = json.depth();
    json.nextToken();
    RowEncoder row = namedRow(json);
    if (row == null || !readFields(json, row, event, true)) {
      json.skipTo(depth - 1);
      readAgain(event, start);
    }
  }

  /** Reads an event whose first {@code _t} is not valid, or not the one that counts. */
  private void readAgain(int event, int start) throws IOException {
    RowEncoder row = findRow(event, start);
    try (again) {
      again.open(json.bytes(), start, json.end());
      again.nextToken();
      again.nextName(TABLE_NAME);
      readFields(again, row, event, false);
    }
  }

  /**
   * Reads the fields of an event, to its end.
   *
   * @param row null if the event has no valid table, and its fields are skipped
   * @param tableRead whether {@code _t} has been read, and these are the fields after it; otherwise
   *     the reader is at the first name
   * @return false if another {@code _t} replaces it; the row is then abandoned
   */
  private boolean readFields(
      JsonReader fields, @Nullable RowEncoder row, int event, boolean tableRead)
      throws IOException {
    int depth = fields.depth();
    if (row != null) {
      row.start(event);
    }
    boolean tableSeen = tableRead;
    if (tableRead) {
      nextField(fields, row);
    }
    for (; fields.token() == JsonToken.FIELD_NAME; nextField(fields, row)) {
      if (row != null && row.readField(fields)) {
        continue;
      }
      if (!fields.name().equals(TABLE_FIELD)) {
        if (row != null) {
          row.readUnknownField(fields);
        }
      } else if (tableSeen && strict) {
        fail(event, TABLE_FIELD, "duplicate_field", "_t occurs twice");
      } else if (tableRead && row != null) {
        row.abandon();
        return false;
      } else {
        tableSeen = true;
      }
      fields.skipTo(depth);
    }
    if (row != null) {
      row.end();
    }
    return true;
  }

  private static void nextField(JsonReader fields, @Nullable RowEncoder row) throws IOException {
    fields.nextName(row == null ? TABLE_NAME : row.nextName());
  }

  /** Searches an event for its table; returns null and adds an error if it has none. */
  private @Nullable RowEncoder findRow(int event, int start) throws IOException {
    boolean found = false;
    RowEncoder row = null;
    String unknown = null;
    try (again) {
      again.open(json.bytes(), start, json.end());
      again.nextToken();
      while (!(found && strict) && again.nextToken() == JsonToken.FIELD_NAME) {
        if (again.name().equals(TABLE_FIELD)) {
          found = true;
          again.nextToken();
          row = namedRow(again);
          boolean isText = again.token() == JsonToken.VALUE_STRING;
          unknown = row == null && isText ? Quoted.of(again.text()) : null;
        }
        again.skipTo(1);
      }
    }
    if (!found) {
      String code = notAnEvent("missing_field");
      fail(event, TABLE_FIELD, code, "_t is missing; it must name the event's table");
    } else if (unknown != null) {
      unknownTable(event, unknown);
    } else if (row == null) {
      fail(event, TABLE_FIELD, notAnEvent("type_mismatch"), "_t must be a string");
    }
    return row;
  }

  private void unknownTable(int event, String quotedName) {
    String detail = " names " + quotedName + ", which is not a table of the app";
    if (result.lenient != null) {
      if (result.failEvent()) {
        result.add(event, TABLE_FIELD, "", UNKNOWN_TABLE, TABLE_FIELD + detail, NOT_A_TABLE, null);
      }
    } else if (result.unknownTable == null) {
      String pointer = "/events/" + event + "/" + TABLE_FIELD;
      result.unknownTable =
          new EventError(event, pointer, UNKNOWN_TABLE, pointer + detail, NOT_A_TABLE, null);
    }
  }

  /** The encoder of the table that the current value names, or null. */
  private @Nullable RowEncoder namedRow(JsonReader reader) throws IOException {
    namedTable = null;
    if (reader.token() != JsonToken.VALUE_STRING) {
      return null;
    }
    Text name = reader.text();
    if (lastRow == null || !name.is(lastRow.tableName())) {
      lastRow = rowsByTable.get(name.toString());
      if (lastRow != null) {
        lastRow.begin(request, headers, batch);
      }
    }
    if (result.lenient != null) {
      namedTable = lastRow == null ? Quoted.cut(name) : lastRow.table().name();
    }
    return lastRow;
  }

  private void fail(int event, @Nullable String field, String code, String detail) {
    if (result.failEvent()) {
      result.add(event, field, code, detail);
    }
  }

  /** The column counts bytes. */
  private static String notJson(byte[] body, int offset, String cause) {
    int line = 1;
    int lineStart = 0;
    for (int i = 0; i < offset; i++) {
      if (body[i] == '\n') {
        line++;
        lineStart = i + 1;
      }
    }
    int column = offset - lineStart + 1;
    return "the body is not JSON at line " + line + ", column " + column + ": " + cause;
  }
}
