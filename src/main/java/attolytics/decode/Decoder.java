package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import attolytics.json.NameMap;
import attolytics.schema.App;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.nio.charset.StandardCharsets;
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
  private static final byte[] SECRET_KEY = utf8("secret_key");
  private static final byte[] EVENTS = utf8("events");
  private static final String TABLE_FIELD = "_t";
  private static final byte[] TABLE = utf8(TABLE_FIELD);
  private static final String UNKNOWN_TABLE = "unknown_table";
  private static final String NOT_A_TABLE = "_t does not name a table of the app";
  private static final byte[] QUOTED_TABLE = utf8("\"_t\":");

  private final InstantSource clock;
  private final JsonReader json = new JsonReader();
  private final Decoded result = new Decoded();
  private final IdentityHashMap<App, NameMap<RowEncoder>> rowsByApp = new IdentityHashMap<>();

  // Of the request being decoded.
  private long request;
  private boolean trusted;
  private boolean strict;
  private NameMap<RowEncoder> rowsByTable = new NameMap<>(Map.of());
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
    json.open(body, length);
    try {
      readBody(app);
    } catch (MalformedJsonException e) {
      result.malformed = "the body is not JSON" + place(body, e.offset()) + ": " + e.getMessage();
    }
    return result;
  }

  private NameMap<RowEncoder> rowsOf(App app) {
    NameMap<RowEncoder> rows = rowsByApp.get(app);
    if (rows == null) {
      // After a reload of the schema file, the encoders of the old app are garbage.
      rowsByApp.keySet().removeIf(known -> known.id().equals(app.id()));
      Map<String, RowEncoder> byTable = new HashMap<>();
      for (Table table : app.tables()) {
        byTable.put(table.name(), new RowEncoder(app, table, result, clock));
      }
      rows = new NameMap<>(byTable);
      rowsByApp.put(app, rows);
    }
    return rows;
  }

  private void readBody(App app) throws MalformedJsonException {
    boolean isObject = json.value() == Kind.OBJECT;
    boolean keyRead = false;
    boolean eventsRead = false;
    while (isObject && json.next()) {
      json.name();
      boolean isKey = json.text().is(SECRET_KEY);
      boolean isEvents = json.text().is(EVENTS);
      if ((isKey && keyRead) || (isEvents && eventsRead)) {
        result.malformed = (isKey ? "secret_key" : "events") + " occurs twice";
        return;
      }
      keyRead |= isKey;
      eventsRead |= isEvents;
      Kind kind = json.value();
      if (isKey) {
        readKey(app, kind);
      } else if (isEvents) {
        readEvents(kind);
      }
      json.skipTo(1);
    }
    json.skipTo(0);
    json.close();
    if (!isObject) {
      result.invalidShape = "the body must be a JSON object with secret_key and events";
    } else if (!eventsRead) {
      result.invalidShape = "events is missing; it must be an array of events";
    }
  }

  private void readKey(App app, Kind kind) {
    if (kind == Kind.STRING) {
      result.secretKey = json.text().toString();
      result.wrongSecretKey = !app.accepts(result.secretKey);
      trusted &= !result.wrongSecretKey; // events that follow are only counted
    } else {
      result.invalidShape = "secret_key must be a string";
    }
  }

  private void readEvents(Kind kind) throws MalformedJsonException {
    if (kind != Kind.ARRAY) {
      result.invalidShape = "events must be an array";
      return;
    }
    int depth = json.depth();
    while (json.next()) {
      int event = result.events;
      int start = json.position();
      result.startEvent();
      boolean isObject = json.value() == Kind.OBJECT;
      if (!trusted) {
        json.skipTo(depth);
        continue;
      }
      if (isObject) {
        readEvent(event);
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
  private void endLeniently(LenientEvents lenient, int start) {
    lenient.add(start, json.position());
    EventError error = result.firstError;
    if (error != null) {
      lenient.quarantine(error, namedTable, json.bytes());
    }
    namedTable = null;
  }

  /** The code of what is not an event of any table, which has one of its own in quarantine. */
  private String notAnEvent(String strictCode) {
    return result.lenient == null ? strictCode : "not_an_event";
  }

  private void readEvent(int event) throws MalformedJsonException {
    int start = json.position();
    int depth = json.depth();
    // Most clients send _t first.
    if (json.next() && json.nameIs(QUOTED_TABLE)) {
      RowEncoder row = namedRow(json.value());
      if (row != null && readFields(row, event, true)) {
        return;
      }
    }
    json.rewind(start, depth);
    RowEncoder row = findRow(event);
    json.rewind(start, depth);
    readFields(row, event, false);
  }

  /**
   * Reads the fields of an event, to its end.
   *
   * @param row null if the event has no valid table, and its fields are skipped
   * @param tableRead whether {@code _t} has been read, and these are the fields after it
   * @return false if another {@code _t} replaces it; the row is then abandoned
   */
  private boolean readFields(@Nullable RowEncoder row, int event, boolean tableRead)
      throws MalformedJsonException {
    int depth = json.depth();
    if (row != null) {
      row.start(event);
    }
    boolean tableSeen = tableRead;
    while (json.next()) {
      int start = json.position();
      if (row == null) {
        json.name();
      } else if (row.readField(json)) {
        continue;
      }
      if (json.text().is(TABLE)) {
        if (tableSeen && strict) {
          fail(event, TABLE_FIELD, "duplicate_field", "_t occurs twice");
        } else if (tableRead && row != null) {
          row.abandon();
          return false;
        }
        tableSeen = true;
      } else if (row != null) {
        row.readUnknownField(json, start);
        continue;
      }
      json.value();
      json.skipTo(depth);
    }
    if (row != null) {
      row.end();
    }
    return true;
  }

  /** Searches an event for its table; returns null and adds an error if it has none. */
  private @Nullable RowEncoder findRow(int event) throws MalformedJsonException {
    int depth = json.depth();
    boolean found = false;
    RowEncoder row = null;
    String unknown = null;
    while (!(found && strict) && json.next()) {
      json.name();
      boolean isTable = json.text().is(TABLE);
      Kind kind = json.value();
      if (isTable) {
        found = true;
        row = namedRow(kind);
        unknown = row == null && kind == Kind.STRING ? Quoted.of(json.text()) : null;
      }
      json.skipTo(depth);
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

  /** The encoder of the table that the value just read names, or null. */
  private @Nullable RowEncoder namedRow(Kind kind) {
    namedTable = null;
    if (kind != Kind.STRING) {
      return null;
    }
    if (lastRow == null || !json.text().is(lastRow.tableName())) {
      lastRow = rowsByTable.get(json.text());
      if (lastRow != null) {
        lastRow.begin(request, headers, batch);
      }
    }
    if (result.lenient != null) {
      namedTable = lastRow == null ? Quoted.cut(json.text()) : lastRow.table().name();
    }
    return lastRow;
  }

  private void fail(int event, @Nullable String field, String code, String detail) {
    if (result.failEvent()) {
      result.add(event, field, code, detail);
    }
  }

  /** The column counts bytes, as the body may not be text. */
  private static String place(byte[] body, int offset) {
    int line = 1;
    int lineStart = 0;
    for (int i = 0; i < offset; i++) {
      if (body[i] == '\n') {
        line++;
        lineStart = i + 1;
      }
    }
    return " at line " + line + ", column " + (offset - lineStart + 1);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
