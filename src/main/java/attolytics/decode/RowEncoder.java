package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.CopyBuffer;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import attolytics.schema.ValueError;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns the fields of one event after the other into rows.
 *
 * <p>A field is encoded straight into the batch as it comes. As long as fields come in the order of
 * the table's columns, the row is then complete but for what was left out, which is filled in on
 * the way; else its fields are put into order at the end.
 */
final class RowEncoder {
  /** What an event gave for a column so far. */
  private enum Given {
    NOTHING,
    NULL,
    VALUE,
    BAD
  }

  private final Decoded result;

  // Of the request.
  private boolean strict;
  private Headers headers = name -> null;
  private final IdentityHashMap<Column, CopyBuffer> headerFields = new IdentityHashMap<>();
  private Batch batch = new Batch(0);

  // Of the event; the arrays by column.
  private int event;
  private int rowStart;
  private boolean inOrder;
  private int filled; // columns before this one have their field in the row
  private Given[] given = {};
  private int[] starts = {};
  private int[] ends = {};
  private @Nullable ValueError[] errors = {};
  private @Nullable String[] badValues = {};
  private byte[] scratch = {};

  RowEncoder(Decoded result) {
    this.result = result;
  }

  /** The next fields are of that request. */
  void begin(App app, Headers headers, Batch batch) {
    strict = app.validation() == Validation.STRICT;
    this.headers = headers;
    this.batch = batch;
    headerFields.clear();
  }

  /** The next fields are of that event, whose row goes to that table. */
  void start(Table table, int event) {
    this.event = event;
    int columns = table.columns().size();
    if (columns > given.length) {
      given = new Given[columns];
      starts = new int[columns];
      ends = new int[columns];
      errors = new ValueError[columns];
      badValues = new String[columns];
    }
    Arrays.fill(given, 0, columns, Given.NOTHING);
    inOrder = true;
    filled = 0;
    rowStart = batch.rows().size();
    batch.rows().putShort(columns);
  }

  /** Takes a field of the event; its value is the parser's current token, and passed afterwards. */
  void field(Table table, String name, JsonParser json) throws IOException {
    Column column = table.column(name);
    if (column == null) {
      if (strict) {
        result.fail(event, name, "unknown_field", table + " has no column " + Quoted.of(name));
      }
    } else if (strict && given[column.ordinal()] != Given.NOTHING) {
      result.fail(event, name, "duplicate_field", Quoted.of(name) + " is given twice");
    } else if (column.header() != null) {
      takeHeaderColumn(column, json);
    } else {
      takeValue(table, column, json);
    }
    json.skipChildren();
  }

  private void takeHeaderColumn(Column column, JsonParser json) {
    if (strict && json.currentToken() != JsonToken.VALUE_NULL) {
      result.fail(
          event,
          column.name(),
          "header_field",
          column.name() + " is filled from the header " + column.header() + " and may not be sent");
    }
    given[column.ordinal()] = Given.VALUE;
  }

  private void takeValue(Table table, Column column, JsonParser json) throws IOException {
    int ordinal = column.ordinal();
    if (ordinal < filled) {
      inOrder = false;
    } else {
      fillUpTo(table, ordinal);
      filled = ordinal + 1;
    }
    CopyBuffer rows = batch.rows();
    starts[ordinal] = rows.size();
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      given[ordinal] = Given.NULL;
      rows.putNull();
    } else {
      ValueError error = column.type().encode(json, rows);
      given[ordinal] = error == null ? Given.VALUE : Given.NULL;
      if (error != null) {
        rows.truncate(starts[ordinal]);
        rows.putNull();
        refuse(column, error, json);
      }
    }
    ends[ordinal] = rows.size();
  }

  /** Leniently, an unfit value is the same as none; but a bad date is bad in either mode. */
  private void refuse(Column column, ValueError error, JsonParser json) throws IOException {
    if (strict || column.required() || error == ValueError.INVALID_TIMESTAMP) {
      // Told at the end of the event only: the field may be given again, and the last one counts.
      given[column.ordinal()] = Given.BAD;
      errors[column.ordinal()] = error;
      badValues[column.ordinal()] = Quoted.value(json);
    }
  }

  /** Writes the fields that the event did not give, before that column. */
  private void fillUpTo(Table table, int end) {
    CopyBuffer rows = batch.rows();
    for (; filled < end; filled++) {
      Column column = table.columns().get(filled);
      starts[filled] = rows.size();
      if (column.header() == null) {
        rows.putNull();
      } else {
        CopyBuffer field = headerField(column, column.header());
        rows.put(field.array(), 0, field.size());
      }
      ends[filled] = rows.size();
    }
  }

  /** The event is over: its row is complete, or what is wrong with it is told. */
  void end(Table table) {
    fillUpTo(table, table.columns().size());
    for (Column column : table.columns()) {
      Given value = given[column.ordinal()];
      if (value == Given.BAD) {
        tellBadValue(column);
      } else if (column.required() && isMissing(column, value)) {
        tellMissing(column);
      }
    }
    if (result.anyEventBad) {
      batch.rows().truncate(rowStart); // the request is lost, but its other events are checked
      return;
    }
    if (!inOrder) {
      putInOrder(table.columns().size());
    }
    batch.endRow(table);
  }

  private boolean isMissing(Column column, Given value) {
    return column.header() == null
        ? value != Given.VALUE
        : isNull(headerField(column, column.header()));
  }

  private void tellBadValue(Column column) {
    ValueError error = Objects.requireNonNull(errors[column.ordinal()]);
    result.fail(
        event,
        column.name(),
        error.code(),
        column.name() + error.explain(column.type()) + ", not " + badValues[column.ordinal()]);
  }

  private void tellMissing(Column column) {
    result.fail(
        event,
        column.name(),
        "missing_field",
        column.header() == null
            ? column.name() + " is required"
            : column.name() + " is required: send the header " + column.header());
  }

  private void putInOrder(int columns) {
    CopyBuffer rows = batch.rows();
    int length = rows.size() - rowStart;
    if (scratch.length < length) {
      scratch = new byte[2 * length];
    }
    System.arraycopy(rows.array(), rowStart, scratch, 0, length);
    rows.truncate(rowStart + Short.BYTES);
    for (int column = 0; column < columns; column++) {
      rows.put(scratch, starts[column] - rowStart, ends[column] - starts[column]);
    }
  }

  /** The column's field, the same for every row of the request. */
  private CopyBuffer headerField(Column column, String header) {
    CopyBuffer field = headerFields.get(column);
    if (field == null) {
      field = encode(headers.first(header));
      headerFields.put(column, field);
    }
    return field;
  }

  private static CopyBuffer encode(@Nullable String header) {
    CopyBuffer field = new CopyBuffer(64, Integer.MAX_VALUE);
    if (header == null) {
      field.putNull();
      return field;
    }
    byte[] bytes = header.getBytes(StandardCharsets.ISO_8859_1);
    if (Utf8.firstMalformed(bytes, bytes.length) >= 0) {
      bytes = header.getBytes(StandardCharsets.UTF_8); // then it is what HTTP once meant: Latin-1
    }
    field.putInt(bytes.length);
    field.put(bytes, 0, bytes.length);
    return field;
  }

  private static boolean isNull(CopyBuffer field) {
    return field.size() == Integer.BYTES && field.array()[0] < 0;
  }
}
