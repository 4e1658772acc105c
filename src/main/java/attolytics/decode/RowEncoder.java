package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.ValueError;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.DefaultValue;
import attolytics.schema.Partitioning;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the events of one table as rows.
 *
 * <p>Each field is encoded into the batch as it is read. As long as the fields come in the order of
 * the columns, absent ones are filled in on the way; otherwise the fields are sorted at the end of
 * the event.
 *
 * <p>Longer than other files because all of it works on the state of one row.
 */
final class RowEncoder {
  // The state of each column of the current event. Bytes, as storing a reference costs more.
  private static final byte ABSENT = 0;
  private static final byte NULL = 1;
  private static final byte VALUE = 2;
  private static final byte INVALID = 3;

  private final Table table;
  private final byte[] tableName;
  private final boolean strict;
  private final Decoded result;
  private final Column[] columns;
  private final SerializableString[] names;
  private final Map<String, Column> columnsByName = new HashMap<>();
  private final @Nullable TimeWindow window;
  private final RequestFields requestFields;
  private final FieldErrors errors;
  private final RestFields rest = new RestFields();
  private final int restOrdinal; // of the column with rest, or -1

  /**
   * For each position, the column whose field came next the last time: at 0 for the start of an
   * event, at i + 1 for the field after that of column i. Clients mostly send the same fields in
   * the same order, and the parser is faster with a name that it expects.
   */
  private final int[] successors;

  // State of the request.
  private long request;
  private Batch batch = new Batch(0);

  // State of the event.
  private int rowStart;
  private int position; // index into successors
  private boolean inOrder;
  private int filled; // the number of leading columns that have their field in the row
  private final byte[] states;
  private final int[] starts;
  private byte[] scratch = {};

  RowEncoder(App app, Table table, Decoded result, InstantSource clock) {
    this.table = table;
    this.tableName = table.name().getBytes(StandardCharsets.UTF_8);
    this.strict = app.validation() == Validation.STRICT;
    this.result = result;
    this.columns = table.columns().toArray(new Column[0]);
    Partitioning partitioning = table.partitioning();
    this.window = partitioning == null ? null : new TimeWindow(partitioning, clock);
    int count = columns.length;
    names = new SerializableString[count];
    successors = new int[count + 1];
    states = new byte[count];
    starts = new int[count];
    errors = new FieldErrors(result, table.name(), count);
    int restColumn = -1;
    for (int i = 0; i < count; i++) {
      names[i] = new SerializedString(columns[i].field());
      successors[i] = i;
      if (columns[i].rest()) {
        restColumn = i;
      } else {
        columnsByName.put(columns[i].field(), columns[i]);
      }
    }
    restOrdinal = restColumn;
    requestFields = new RequestFields(app, columns);
  }

  Table table() {
    return table;
  }

  /** The name in UTF-8. */
  byte[] tableName() {
    return tableName;
  }

  /** Prepares for a request's events; does nothing if already prepared for it. */
  void begin(long serial, Headers headers, Batch into) {
    if (request == serial) {
      return;
    }
    request = serial;
    batch = into;
    if (window != null) {
      window.update();
    }
    requestFields.encode(headers);
  }

  /** Starts the row of an event. */
  void start(int number) {
    errors.start(number);
    position = 0;
    inOrder = true;
    filled = 0;
    rowStart = batch.rows().size();
    batch.rows().putShort(columns.length);
    rest.clear();
  }

  /** The name that most likely comes next. */
  SerializableString nextName() {
    return names[successors[position]];
  }

  /**
   * Reads the value of a field if its name, the current token, is that of a column.
   *
   * @return whether it is that of a column
   */
  boolean readField(JsonReader json) throws IOException {
    Column column = columnsByName.get(json.name());
    if (column == null) {
      return false;
    }
    int depth = json.depth();
    json.nextToken();
    int ordinal = column.ordinal();
    successors[position] = ordinal;
    position = ordinal + 1;
    if (strict && ordinal < filled && states[ordinal] != ABSENT) {
      errors.report(column, "duplicate_field", " occurs twice");
    } else if (column.isFromRequest()) {
      readRequestColumn(column, json.token());
    } else {
      readValue(column, json);
    }
    json.skipTo(depth);
    return true;
  }

  /** Reads the value of a field whose name is not that of a column. */
  void readUnknownField(JsonReader json) throws IOException {
    int depth = json.depth();
    if (restOrdinal >= 0) {
      readRestField(json);
    } else if (strict) {
      errors.report(json.name(), "unknown_field", " is not a column");
    }
    json.skipTo(depth);
  }

  private void readRestField(JsonReader json) throws IOException {
    String name = json.name();
    if (strict && !rest.addName(name)) {
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
    fillUpTo(column.ordinal() + 1);
    states[column.ordinal()] = VALUE;
  }

  private void readValue(Column column, JsonReader json) throws IOException {
    int ordinal = column.ordinal();
    if (ordinal < filled) {
      inOrder = false;
    } else {
      fillUpTo(ordinal);
      filled = ordinal + 1;
    }
    CopyBuffer rows = batch.rows();
    int start = rows.size();
    int valueStart = json.tokenStart();
    if (json.token() == JsonToken.VALUE_NULL) {
      states[ordinal] = putDefault(column, rows);
    } else {
      ValueError error = column.type().encode(json, rows);
      states[ordinal] = VALUE;
      if (error != null) {
        rows.truncate(start);
        states[ordinal] = putDefault(column, rows);
        invalidate(column, error, json, valueStart);
      }
    }
    starts[ordinal] = start;
  }

  /** In lenient validation, an invalid value is NULL or the default, unless it is a bad date. */
  private void invalidate(Column column, ValueError error, JsonReader json, int valueStart)
      throws IOException {
    boolean isLenient = error.isLenient() || FieldErrors.isInArray(column, json, valueStart);
    boolean isRequired = column.required() && column.defaultValue() == null;
    if (strict || isRequired || !isLenient) {
      // Reported at the end of the event: in lenient validation, a later value replaces it.
      states[column.ordinal()] = INVALID;
      errors.keep(column, error, json, valueStart);
    }
  }

  /** Writes the default of a column or NULL, and returns which. */
  private static byte putDefault(Column column, CopyBuffer rows) {
    DefaultValue value = column.defaultValue();
    if (value == null) {
      rows.putNull();
      return NULL;
    }
    value.put(rows);
    return VALUE;
  }

  /** Writes the absent fields before a column. */
  private void fillUpTo(int end) {
    CopyBuffer rows = batch.rows();
    for (; filled < end; filled++) {
      states[filled] = ABSENT;
      starts[filled] = rows.size();
      if (columns[filled].isFromRequest()) {
        requestFields.put(filled, rows);
      } else {
        putDefault(columns[filled], rows);
      }
    }
  }

  /** Writes the field of the column with {@code rest}, which is complete only at the end. */
  private void putRest() {
    fillUpTo(restOrdinal);
    if (!rest.isEmpty()) {
      inOrder &= filled == restOrdinal;
      filled = Math.max(filled, restOrdinal + 1);
      starts[restOrdinal] = batch.rows().size();
      rest.put(batch.rows());
    }
  }

  /** Discards the row of the current event. */
  void abandon() {
    batch.rows().truncate(rowStart);
  }

  /** Ends the row: completes it, or reports the errors of the event. */
  void end() {
    if (restOrdinal >= 0) {
      putRest();
    }
    fillUpTo(columns.length);
    for (int i = 0; i < columns.length; i++) {
      if (states[i] == INVALID) {
        errors.reportInvalid(columns[i]);
      } else if (columns[i].required() && isMissing(i)) {
        errors.reportMissing(columns[i]);
      }
    }
    if (window != null) {
      checkTime(window);
    }
    if (result.dropsRow()) {
      abandon(); // the request fails, but its other events are still checked
      return;
    }
    if (!inOrder) {
      sortFields();
    }
    batch.endRow(table);
  }

  private void checkTime(TimeWindow times) {
    int ordinal = times.ordinal();
    byte[] rows = batch.rows().array();
    boolean isGiven = states[ordinal] == VALUE || columns[ordinal].defaultValue() != null;
    if (isGiven && states[ordinal] != INVALID && !times.contains(rows, starts[ordinal])) {
      errors.report(
          columns[ordinal],
          times.code(rows, starts[ordinal]),
          times.explain(rows, starts[ordinal]));
    }
  }

  private boolean isMissing(int ordinal) {
    return columns[ordinal].isFromRequest()
        ? requestFields.isNull(ordinal)
        : states[ordinal] != VALUE && columns[ordinal].defaultValue() == null;
  }

  private void sortFields() {
    CopyBuffer rows = batch.rows();
    int length = rows.size() - rowStart;
    if (scratch.length < length) {
      scratch = new byte[2 * length];
    }
    System.arraycopy(rows.array(), rowStart, scratch, 0, length);
    rows.truncate(rowStart + Short.BYTES);
    for (int start : starts) {
      int from = start - rowStart;
      rows.put(scratch, from, CopyBuffer.fieldBytes(scratch, from));
    }
  }
}
