package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.ValueError;
import attolytics.schema.Column;
import attolytics.schema.Partitioning;
import attolytics.schema.Table;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the events of one table as rows: each field as it is read, by the type of its column, and
 * what is missing at the end of the event. {@link Row} has the row, and {@link FieldErrors} what is
 * wrong with it.
 *
 * <p>Call {@link #begin} once for each request; for each of its events {@link #start}, {@link
 * #readField} or {@link #readUnknownField} at each name, and {@link #end}. Not thread-safe.
 */
final class RowEncoder {
  private final Table table;
  private final byte[] tableName;
  private final Decoded result;
  private final Column[] columns;
  private final FieldNames names;
  private final Row row;
  private final @Nullable TimeWindow window;
  private final FieldErrors errors;
  private final CurrentRequest request;
  private final RestFields rest;
  private final int restOrdinal; // of the column with rest, or -1
  private long serial; // of the request
  private boolean strict; // as the request's app says

  RowEncoder(Table table, CurrentRequest request, Decoded result, InstantSource clock) {
    this.request = request;
    this.rest = request.rest();
    this.table = table;
    this.tableName = table.name().getBytes(StandardCharsets.UTF_8);
    this.result = result;
    this.columns = table.columns().toArray(new Column[0]);
    Partitioning partitioning = table.partitioning();
    this.window = partitioning == null ? null : new TimeWindow(partitioning, clock);
    names = new FieldNames(columns);
    row = new Row(table, columns, request);
    errors = new FieldErrors(result, table.name(), columns.length);
    restOrdinal = restOrdinal(columns);
  }

  private static int restOrdinal(Column[] columns) {
    for (int i = 0; i < columns.length; i++) {
      if (columns[i].rest()) {
        return i;
      }
    }
    return -1;
  }

  Table table() {
    return table;
  }

  /** The name in UTF-8. */
  byte[] tableName() {
    return tableName;
  }

  /** Prepares for the events of the request; does nothing if already prepared for it. */
  void begin() {
    if (serial == request.serial()) {
      return;
    }
    serial = request.serial();
    strict = request.isStrict();
    if (window != null) {
      window.update();
    }
  }

  /**
   * Starts the row of an event.
   *
   * @param event its index in the array
   */
  void start(int event) {
    errors.start(event);
    names.start();
    row.start();
  }

  /** The name that most likely comes next. */
  SerializableString nextName() {
    return names.next();
  }

  /**
   * Reads the value of a field if its name, the current token, is that of a column.
   *
   * @return whether it is that of a column
   */
  boolean readField(JsonReader json) throws IOException {
    Column column = names.find(json);
    if (column == null) {
      return false;
    }
    int depth = json.depth();
    json.nextToken();
    if (strict && row.isGiven(column.ordinal())) {
      errors.report(column, "duplicate_field", " occurs twice");
    } else if (column.isFromRequest()) {
      readRequestColumn(column, json.token());
    } else {
      readValue(column, json);
    }
    json.skipTo(depth);
    return true;
  }

  /** Takes a field whose name is not that of a column; the caller skips the rest of its value. */
  void readUnknownField(JsonReader json) throws IOException {
    if (restOrdinal >= 0) {
      readRestField(json);
    } else if (strict) {
      errors.report(json.name(), "unknown_field", " is not a column");
    }
  }

  private void readRestField(JsonReader json) throws IOException {
    String name = json.name();
    // Names with different unpaired surrogates are read as the same.
    if (strict && !json.nameHasLoneSurrogate() && !rest.addName(name)) {
      errors.report(name, "duplicate_field", " occurs twice");
    }
    ValueError error = rest.add(json);
    if (error != null && strict) {
      String expected = columns[restOrdinal].type().explain(error);
      errors.report(name, error.code(), expected, ", not " + Quoted.invalidValue(json));
    }
  }

  private void readRequestColumn(Column column, JsonToken value) {
    if (strict && value != JsonToken.VALUE_NULL) {
      errors.reportFilled(column);
    }
    row.fillUpTo(column.ordinal() + 1);
    row.setState(column.ordinal(), Row.VALUE);
  }

  private void readValue(Column column, JsonReader json) throws IOException {
    int ordinal = column.ordinal();
    row.startField(ordinal);
    if (json.token() == JsonToken.VALUE_NULL) {
      row.putDefault(column);
      return;
    }
    CopyBuffer fields = row.fields();
    int start = fields.size();
    int valueStart = json.tokenStart();
    ValueError error = column.type().encode(json, fields);
    if (error == null) {
      row.setState(ordinal, Row.VALUE);
    } else {
      fields.truncate(start);
      row.putDefault(column);
      invalidate(column, error, json, valueStart);
    }
  }

  /** In lenient validation, an invalid value is NULL or the default, unless it is a bad date. */
  private void invalidate(Column column, ValueError error, JsonReader json, int valueStart)
      throws IOException {
    boolean isLenient = error.isLenient() || FieldErrors.isInArray(column, json, valueStart);
    boolean isRequired = column.required() && column.defaultValue() == null;
    if (strict || isRequired || !isLenient) {
      // Reported at the end of the event: in lenient validation, a later value replaces it.
      row.setState(column.ordinal(), Row.INVALID);
      errors.keep(column, error, json, valueStart);
    }
  }

  /** Discards the row of the current event. */
  void abandon() {
    row.abandon();
    rest.clear();
  }

  /** Ends the row: completes it, or reports the errors of the event. */
  void end() {
    if (!rest.isEmpty()) { // complete only now
      row.startField(restOrdinal);
      rest.put(row.fields());
    }
    rest.clear();
    row.fillUpTo(columns.length);
    reportMissingAndInvalid();
    if (window != null) {
      checkTime(window);
    }
    if (result.dropsRow()) {
      row.abandon(); // the request fails, but its other events are still checked
    } else {
      row.end();
    }
  }

  private void reportMissingAndInvalid() {
    for (int i = 0; i < columns.length; i++) {
      if (row.state(i) == Row.INVALID) {
        errors.reportInvalid(columns[i]);
      } else if (columns[i].required() && isMissing(i)) {
        errors.reportMissing(columns[i]);
      }
    }
  }

  private boolean isMissing(int ordinal) {
    return columns[ordinal].isFromRequest()
        ? request.fields().isNull(columns[ordinal])
        : row.state(ordinal) != Row.VALUE && columns[ordinal].defaultValue() == null;
  }

  private void checkTime(TimeWindow times) {
    int ordinal = times.ordinal();
    byte state = row.state(ordinal);
    boolean hasTime =
        state == Row.VALUE
            || columns[ordinal].isFromRequest()
            || columns[ordinal].defaultValue() != null;
    byte[] fields = row.fields().array();
    int start = row.start(ordinal);
    if (hasTime && state != Row.INVALID && !times.contains(fields, start)) {
      errors.report(columns[ordinal], times.code(fields, start), times.explain(fields, start));
    }
  }
}
