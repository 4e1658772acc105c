package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.ValueError;
import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import attolytics.json.NameMap;
import attolytics.json.Text;
import attolytics.json.Utf8;
import attolytics.schema.App;
import attolytics.schema.ArrayType;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Partitioning;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the events of one table as rows.
 *
 * <p>Each field is encoded into the batch as it is read. As long as the fields come in the order of
 * the columns, absent ones are filled in on the way; otherwise the fields are sorted at the end of
 * the event.
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
  private final byte[][] quotedNames;
  private final NameMap<Column> columnsByName;
  private final @Nullable TimeWindow window;

  /**
   * For each position, the column whose field came next the last time: at 0 for the start of an
   * event, at i + 1 for the field after that of column i. Clients mostly send the same fields in
   * the same order, so a lookup by name is rarely needed.
   */
  private final int[] successors;

  // State of the request.
  private long request;
  private Batch batch = new Batch(0);
  private final CopyBuffer[] headerFields;

  // State of the event.
  private int event;
  private int rowStart;
  private int position; // index into successors
  private boolean inOrder;
  private int filled; // the number of leading columns that have their field in the row
  private final byte[] states;
  private final int[] starts;
  private final @Nullable ValueError[] errors;
  private final @Nullable String[] invalidValues;
  private final int[] elements; // the index of the invalid element of an array, or -1
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
    quotedNames = new byte[count][];
    successors = new int[count + 1];
    headerFields = new CopyBuffer[count];
    states = new byte[count];
    starts = new int[count];
    errors = new ValueError[count];
    invalidValues = new String[count];
    elements = new int[count];
    Map<String, Column> byName = new HashMap<>();
    for (int i = 0; i < count; i++) {
      quotedNames[i] = quoted(columns[i].name());
      successors[i] = i;
      byName.put(columns[i].name(), columns[i]);
      headerFields[i] = new CopyBuffer(0, Integer.MAX_VALUE);
    }
    columnsByName = new NameMap<>(byName);
  }

  private static byte[] quoted(String name) {
    String escaped = new String(JsonStringEncoder.getInstance().quoteAsString(name));
    return ('"' + escaped + "\":").getBytes(StandardCharsets.UTF_8);
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
    for (Column column : columns) {
      if (column.header() != null) {
        encodeHeader(headers.first(column.header()), headerFields[column.ordinal()]);
      }
    }
  }

  /** Starts the row of an event. */
  void start(int number) {
    event = number;
    position = 0;
    inOrder = true;
    filled = 0;
    rowStart = batch.rows().size();
    batch.rows().putShort(columns.length);
  }

  /**
   * Reads a field if its name is that of a column; otherwise reads only the name.
   *
   * @return whether it is that of a column
   */
  boolean readField(JsonReader json) throws MalformedJsonException {
    Column column = column(json);
    if (column == null) {
      return false;
    }
    int depth = json.depth();
    Kind kind = json.value();
    int ordinal = column.ordinal();
    if (strict && ordinal < filled && states[ordinal] != ABSENT) {
      fail(column, "duplicate_field", " occurs twice");
    } else if (column.header() != null) {
      readHeaderColumn(column, kind);
    } else {
      readValue(column, kind, json);
    }
    json.skipTo(depth);
    return true;
  }

  private @Nullable Column column(JsonReader json) throws MalformedJsonException {
    int expected = successors[position];
    if (json.nameIs(quotedNames[expected])) {
      position = expected + 1;
      return columns[expected];
    }
    json.name();
    Column column = columnsByName.get(json.text());
    if (column != null) {
      successors[position] = column.ordinal();
      position = column.ordinal() + 1;
    }
    return column;
  }

  /** Reports a field whose name is not that of a column. */
  void unknownField(Text name) {
    if (strict && result.failEvent()) {
      String cut = Quoted.cut(name);
      result.add(event, cut, "unknown_field", table + " has no column \"" + cut + '"');
    }
  }

  private void readHeaderColumn(Column column, Kind kind) {
    if (strict && kind != Kind.NULL) {
      fail(
          column,
          "header_field",
          " is filled from the header " + column.header() + "; do not send it in events");
    }
    fillUpTo(column.ordinal() + 1);
    states[column.ordinal()] = VALUE;
  }

  private void readValue(Column column, Kind kind, JsonReader json) throws MalformedJsonException {
    int ordinal = column.ordinal();
    if (ordinal < filled) {
      inOrder = false;
    } else {
      fillUpTo(ordinal);
      filled = ordinal + 1;
    }
    CopyBuffer rows = batch.rows();
    int start = rows.size();
    int valueStart = json.valueStart();
    if (kind == Kind.NULL) {
      states[ordinal] = NULL;
      rows.putNull();
    } else {
      ValueError error = column.type().encode(kind, json, rows);
      states[ordinal] = error == null ? VALUE : NULL;
      if (error != null) {
        rows.truncate(start);
        rows.putNull();
        invalidate(column, error, json, valueStart);
      }
    }
    starts[ordinal] = start;
  }

  /** In lenient validation, an invalid value is NULL, except for an invalid date string. */
  private void invalidate(Column column, ValueError error, JsonReader json, int valueStart)
      throws MalformedJsonException {
    boolean isArray = json.valueStart() > valueStart && column.type() instanceof ArrayType;
    if (strict || column.required() || !(error.isLenient() || isArray)) {
      // Reported at the end of the event: in lenient validation, a later value replaces it.
      states[column.ordinal()] = INVALID;
      errors[column.ordinal()] = error;
      invalidValues[column.ordinal()] = Quoted.invalidValue(error, json);
      elements[column.ordinal()] =
          isArray ? JsonReader.index(json.bytes(), valueStart, json.valueStart()) : -1;
    }
  }

  /** Writes the absent fields before a column. */
  private void fillUpTo(int end) {
    CopyBuffer rows = batch.rows();
    for (; filled < end; filled++) {
      states[filled] = ABSENT;
      starts[filled] = rows.size();
      if (columns[filled].header() == null) {
        rows.putNull();
      } else {
        CopyBuffer field = headerFields[filled];
        rows.put(field.array(), 0, field.size());
      }
    }
  }

  /** Discards the row of the current event. */
  void abandon() {
    batch.rows().truncate(rowStart);
  }

  /** Ends the row: completes it, or reports the errors of the event. */
  void end() {
    fillUpTo(columns.length);
    for (int i = 0; i < columns.length; i++) {
      if (states[i] == INVALID) {
        reportInvalid(columns[i]);
      } else if (columns[i].required() && isMissing(i)) {
        reportMissing(columns[i]);
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
    if (states[ordinal] == VALUE && !times.contains(rows, starts[ordinal])) {
      fail(
          columns[ordinal],
          times.code(rows, starts[ordinal]),
          times.explain(rows, starts[ordinal]));
    }
  }

  private boolean isMissing(int ordinal) {
    return columns[ordinal].header() == null
        ? states[ordinal] != VALUE
        : isNull(headerFields[ordinal]);
  }

  private void reportInvalid(Column column) {
    ValueError error = Objects.requireNonNull(errors[column.ordinal()]);
    int element = elements[column.ordinal()];
    String path = element < 0 ? "" : "/" + element;
    String value = invalidValues[column.ordinal()];
    ColumnType type = element < 0 ? column.type() : column.type().scalar();
    fail(column, path, error.code(), type.explain(error) + ", not " + value);
  }

  private void reportMissing(Column column) {
    String header = column.header() == null ? "" : "; send the header " + column.header();
    fail(column, "missing_field", " is required" + header);
  }

  private void fail(Column column, String code, String predicate) {
    fail(column, "", code, predicate);
  }

  /**
   * @param path JSON pointer within the column's value
   */
  private void fail(Column column, String path, String code, String predicate) {
    if (result.failEvent()) {
      result.add(event, column.name(), path, code, column.name() + path + predicate);
    }
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

  private static void encodeHeader(@Nullable String value, CopyBuffer field) {
    field.truncate(0);
    if (value == null) {
      field.putNull();
      return;
    }
    String text = value.replace('\0', ' '); // as RFC 9110, section 5.5 recommends
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    if (Utf8.firstMalformed(bytes, bytes.length) >= 0) {
      bytes = text.getBytes(StandardCharsets.UTF_8); // then it is Latin-1, the historical default
    }
    field.putField(bytes, 0, bytes.length);
  }

  private static boolean isNull(CopyBuffer field) {
    return field.array()[0] < 0;
  }
}
