package attolytics.decode;

import attolytics.encoding.JsonReader;
import attolytics.encoding.Text;
import attolytics.schema.App;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads one event of a body at a time: finds the table that it names, and has the {@link
 * RowEncoder} of that table read the fields.
 *
 * <pre>
 *   {"_t": "table", "column": value, …}
 * </pre>
 *
 * <p>Most clients send {@code _t} first. Other events are read twice: in search of {@code _t}, and
 * then from the start, for the fields. If an event has several, the first counts in strict
 * validation, and the others are errors; in lenient validation, the last counts.
 *
 * <p>Not thread-safe. Methods throw a {@link JsonProcessingException} for what is not JSON.
 */
final class EventReader {
  private static final String TABLE_FIELD = "_t";
  private static final SerializableString TABLE_NAME = new SerializedString(TABLE_FIELD);
  private static final String UNKNOWN_TABLE = "unknown_table";
  private static final String NOT_A_TABLE = "_t does not name a table of the app";

  private final JsonReader json;
  private final Decoded result;
  private final RowEncoders encoders;

  // Of the request.
  private boolean strict;
  private @Nullable App app;
  private @Nullable RowEncoder lastRow; // most events have the same table as the previous one

  // Of the event.
  private int event; // its index in the array
  private @Nullable String namedTable;

  /**
   * @param result receives the errors
   */
  EventReader(JsonReader json, Decoded result, RowEncoders encoders) {
    this.json = json;
    this.result = result;
    this.encoders = encoders;
  }

  /** Prepares for the events of a request. */
  void begin(App ofRequest) {
    app = ofRequest;
    strict = ofRequest.validation() == Validation.STRICT;
    lastRow = null;
  }

  /**
   * Reads an event, whose first token is the current one, to its end; of what is not an object,
   * only that token. Afterwards it has a row in the batch, or errors in the result.
   *
   * @param index in the array of events
   */
  void read(int index) throws IOException {
    event = index;
    namedTable = null;
    if (json.token() != JsonToken.START_OBJECT) {
      fail(null, notAnEvent("type_mismatch"), "an event must be an object");
      return;
    }
    int start = json.tokenStart();
    int depth = json.depth();
    if (!readWithTableFirst()) {
      json.rewind(start, depth);
      RowEncoder row = findRow();
      json.rewind(start, depth);
      readFields(row, false);
    }
  }

  /**
   * The table that the event names, whether it exists or not: cut to a bounded length; null if it
   * names none, or is not handled leniently.
   */
  @Nullable String namedTable() {
    return namedTable;
  }

  /**
   * Returns false, without a row or an error, if the table is not the first field, or not valid.
   */
  private boolean readWithTableFirst() throws IOException {
    if (!json.nextName(TABLE_NAME)) {
      return false;
    }
    json.nextToken();
    RowEncoder row = namedRow();
    return row != null && readFields(row, true);
  }

  /** Searches an event for its table; returns null and adds an error if it has none. */
  private @Nullable RowEncoder findRow() throws IOException {
    int depth = json.depth();
    boolean found = false;
    RowEncoder row = null;
    String unknown = null;
    while (!(found && strict) && json.nextToken() == JsonToken.FIELD_NAME) {
      if (json.name().equals(TABLE_FIELD)) {
        found = true;
        json.nextToken();
        row = namedRow();
        boolean isText = json.token() == JsonToken.VALUE_STRING;
        unknown = row == null && isText ? Quoted.of(json.text()) : null;
      }
      json.skipTo(depth);
    }
    if (!found) {
      String code = notAnEvent("missing_field");
      fail(TABLE_FIELD, code, "_t is missing; it must name the event's table");
    } else if (unknown != null) {
      failUnknownTable(unknown);
    } else if (row == null) {
      fail(TABLE_FIELD, notAnEvent("type_mismatch"), "_t must be a string");
    }
    return row;
  }

  /**
   * Reads the fields of an event, to its end.
   *
   * @param row null if the event has no valid table, and its fields are skipped
   * @param tableRead whether {@code _t} has been read, and these are the fields after it; otherwise
   *     all of them
   * @return false if another {@code _t} replaces it; the row is then abandoned
   */
  private boolean readFields(@Nullable RowEncoder row, boolean tableRead) throws IOException {
    int depth = json.depth();
    boolean tableSeen = tableRead;
    if (row != null) {
      row.start(event);
    }
    for (nextField(row); json.token() == JsonToken.FIELD_NAME; nextField(row)) {
      if (row != null && row.readField(json)) {
        continue;
      }
      if (!json.name().equals(TABLE_FIELD)) {
        if (row != null) {
          row.readUnknownField(json);
        }
      } else if (tableSeen && strict) {
        fail(TABLE_FIELD, "duplicate_field", "_t occurs twice");
      } else if (tableRead && row != null) {
        row.abandon();
        return false;
      } else {
        tableSeen = true;
      }
      json.skipTo(depth);
    }
    if (row != null) {
      row.end();
    }
    return true;
  }

  private void nextField(@Nullable RowEncoder row) throws IOException {
    json.nextName(row == null ? TABLE_NAME : row.nextName());
  }

  /** The encoder of the table that the current value names, or null. */
  private @Nullable RowEncoder namedRow() throws IOException {
    namedTable = null;
    if (json.token() != JsonToken.VALUE_STRING) {
      return null;
    }
    Text name = json.text();
    if (lastRow == null || !name.is(lastRow.tableName())) {
      lastRow = row(name);
      if (lastRow != null) {
        lastRow.begin();
      }
    }
    if (result.lenient != null) {
      namedTable = lastRow == null ? Quoted.cut(name) : lastRow.table().name();
    }
    return lastRow;
  }

  private @Nullable RowEncoder row(Text name) {
    String tableName = name.hasNulOrLoneSurrogate() ? null : name.toShortString();
    Table table = app == null || tableName == null ? null : app.table(tableName);
    return table == null ? null : encoders.of(table);
  }

  /** The code of what is not an event of any table, which has one of its own in quarantine. */
  private String notAnEvent(String strictCode) {
    return result.lenient == null ? strictCode : "not_an_event";
  }

  private void failUnknownTable(String quotedName) {
    String detail = " names " + quotedName + ", which is not a table of the app";
    if (result.lenient != null) {
      if (result.failEvent()) {
        result.add(
            event, TABLE_FIELD, "", UNKNOWN_TABLE, TABLE_FIELD + detail, NOT_A_TABLE, null, false);
      }
    } else if (result.unknownTable == null) {
      String pointer = "/events/" + event + "/" + TABLE_FIELD;
      result.unknownTable =
          new EventError(event, pointer, UNKNOWN_TABLE, pointer + detail, NOT_A_TABLE, null);
    }
  }

  private void fail(@Nullable String field, String code, String detail) {
    if (result.failEvent()) {
      result.add(event, field, code, detail);
    }
  }
}
