package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.ValueError;
import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import attolytics.json.Text;
import attolytics.json.Utf8;
import attolytics.schema.App;
import attolytics.schema.Column;
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
 * Turns events of one table, one after the other, into rows.
 *
 * <p>A field is encoded straight into the batch as it comes. As long as fields come in the order of
 * the table's columns, the row is then complete but for what was left out, which is filled in on
 * the way; else its fields are put into order at the end.
 */
final class RowEncoder {
  // What an event gave for a column so far. Bytes, as storing references costs more.
  private static final byte NOTHING = 0;
  private static final byte NULL = 1;
  private static final byte VALUE = 2;
  private static final byte BAD = 3;

  private final Table table;
  private final byte[] tableName;
  private final boolean strict;
  private final Decoded result;
  private final Column[] columns;
  private final byte[][] quotedNames;
  private final NameMap<Column> columnsByName;
  private final @Nullable TimeWindow window;

  /**
   * Which column's field came next when last it was looked up: after the row's start, at 0, or
   * after column i's, at i + 1. Clients send the same fields in the same order over and over, so
   * that it mostly is the one to come again.
   */
  private final int[] successors;

  // Of the request.
  private long request;
  private Batch batch = new Batch(0);
  private final CopyBuffer[] headerFields;

  // Of the event.
  private int event;
  private int rowStart;
  private int position; // in successors
  private boolean inOrder;
  private int filled; // columns before this one have their field in the row
  private final byte[] given;
  private final int[] starts;
  private final @Nullable ValueError[] errors;
  private final @Nullable String[] badValues;
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
    given = new byte[count];
    starts = new int[count];
    errors = new ValueError[count];
    badValues = new String[count];
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

  /** In UTF-8. */
  byte[] tableName() {
    return tableName;
  }

  /** Gets ready for events of that request; does nothing if it is so already. */
  void begin(long serial, Headers headers, Batch into) {
    if (request == serial) {
      return;
    }
    request = serial;
    batch = into;
    if (window != null) {
      window.open();
    }
    for (Column column : columns) {
      if (column.header() != null) {
        encodeHeader(headers.first(column.header()), headerFields[column.ordinal()]);
      }
    }
  }

  /** The next fields are of that event. */
  void start(int number) {
    event = number;
    position = 0;
    inOrder = true;
    filled = 0;
    rowStart = batch.rows().size();
    batch.rows().putShort(columns.length);
  }

  /**
   * Reads a field, from its name on; if the name is no column's, only that.
   *
   * @return whether it is a column's
   */
  boolean takesField(JsonReader json) throws MalformedJsonException {
    Column column = column(json);
    if (column == null) {
      return false;
    }
    int depth = json.depth();
    Kind kind = json.value();
    int ordinal = column.ordinal();
    if (strict && ordinal < filled && given[ordinal] != NOTHING) {
      fail(column, "duplicate_field", " is given twice");
    } else if (column.header() != null) {
      takeHeaderColumn(column, kind);
    } else {
      takeValue(column, kind, json);
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

  /** Takes the name of a field that is no column. */
  void unknownField(Text name) {
    if (strict && result.eventFailed()) {
      String cut = Quoted.cut(name);
      result.add(event, cut, "unknown_field", table + " has no column \"" + cut + '"');
    }
  }

  private void takeHeaderColumn(Column column, Kind kind) {
    if (strict && kind != Kind.NULL) {
      fail(
          column,
          "header_field",
          " is filled from the header " + column.header() + " and may not be sent");
    }
    fillUpTo(column.ordinal() + 1);
    given[column.ordinal()] = VALUE;
  }

  private void takeValue(Column column, Kind kind, JsonReader json) throws MalformedJsonException {
    int ordinal = column.ordinal();
    if (ordinal < filled) {
      inOrder = false;
    } else {
      fillUpTo(ordinal);
      filled = ordinal + 1;
    }
    CopyBuffer rows = batch.rows();
    int start = rows.size();
    if (kind == Kind.NULL) {
      given[ordinal] = NULL;
      rows.putNull();
    } else {
      ValueError error = column.type().encode(kind, json, rows);
      given[ordinal] = error == null ? VALUE : NULL;
      if (error != null) {
        rows.truncate(start);
        rows.putNull();
        refuse(column, error, kind, json.text());
      }
    }
    starts[ordinal] = start;
  }

  /** Leniently, an unfit value is the same as none; but a bad date is bad in either mode. */
  private void refuse(Column column, ValueError error, Kind kind, Text text) {
    if (strict || column.required() || error == ValueError.INVALID_DATE) {
      // Told at the end of the event only: the field may be given again, and the last one counts.
      given[column.ordinal()] = BAD;
      errors[column.ordinal()] = error;
      badValues[column.ordinal()] = Quoted.misfit(error, kind, text);
    }
  }

  /** Writes the fields that the event did not give, before that column. */
  private void fillUpTo(int end) {
    CopyBuffer rows = batch.rows();
    for (; filled < end; filled++) {
      given[filled] = NOTHING;
      starts[filled] = rows.size();
      if (columns[filled].header() == null) {
        rows.putNull();
      } else {
        CopyBuffer field = headerFields[filled];
        rows.put(field.array(), 0, field.size());
      }
    }
  }

  /** Takes back what the event has written. */
  void abandon() {
    batch.rows().truncate(rowStart);
  }

  /** The event is over: its row is complete, or what is wrong with it is told. */
  void end() {
    fillUpTo(columns.length);
    for (int i = 0; i < columns.length; i++) {
      if (given[i] == BAD) {
        tellBadValue(columns[i]);
      } else if (columns[i].required() && isMissing(i)) {
        tellMissing(columns[i]);
      }
    }
    if (window != null) {
      checkTime(window);
    }
    if (result.anyEventBad) {
      abandon(); // the request is lost, but its other events are checked
      return;
    }
    if (!inOrder) {
      putInOrder();
    }
    batch.endRow(table);
  }

  private void checkTime(TimeWindow times) {
    int ordinal = times.ordinal();
    byte[] rows = batch.rows().array();
    if (given[ordinal] == VALUE && !times.takes(rows, starts[ordinal])) {
      fail(
          columns[ordinal],
          times.code(rows, starts[ordinal]),
          times.explain(rows, starts[ordinal]));
    }
  }

  private boolean isMissing(int ordinal) {
    return columns[ordinal].header() == null
        ? given[ordinal] != VALUE
        : isNull(headerFields[ordinal]);
  }

  private void tellBadValue(Column column) {
    ValueError error = Objects.requireNonNull(errors[column.ordinal()]);
    String bad = badValues[column.ordinal()];
    fail(column, column.type().errorCode(error), column.type().explain(error) + ", not " + bad);
  }

  private void tellMissing(Column column) {
    String header = column.header() == null ? "" : ": send the header " + column.header();
    fail(column, "missing_field", " is required" + header);
  }

  private void fail(Column column, String code, String predicate) {
    if (result.eventFailed()) {
      result.add(event, column.name(), code, column.name() + predicate);
    }
  }

  private void putInOrder() {
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
    String text = value.replace('\0', ' '); // as RFC 9110, 5.5 wants it
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    if (Utf8.firstMalformed(bytes, bytes.length) >= 0) {
      bytes = text.getBytes(StandardCharsets.UTF_8); // then it is what HTTP once meant: Latin-1
    }
    field.putField(bytes, 0, bytes.length);
  }

  private static boolean isNull(CopyBuffer field) {
    return field.array()[0] < 0;
  }
}
