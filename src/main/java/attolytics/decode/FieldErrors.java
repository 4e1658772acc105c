package attolytics.decode;

import attolytics.encoding.JsonReader;
import attolytics.encoding.ValueError;
import attolytics.schema.ArrayType;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The errors of an event's fields. */
final class FieldErrors {
  private static final int NO_ELEMENT = -1;

  private final Decoded result;
  private final String table;
  private final String ofTable;
  private int event;

  // By the ordinal of the column, while a later value may replace an invalid one.
  private final @Nullable ValueError[] errors;
  private final @Nullable String[] values;
  private final int[] elements; // the index of the invalid element of an array

  FieldErrors(Decoded result, String table, int columns) {
    this.result = result;
    this.table = table;
    this.ofTable = " of table " + table;
    errors = new ValueError[columns];
    values = new String[columns];
    elements = new int[columns];
  }

  /** The errors that follow are those of another event. */
  void start(int number) {
    event = number;
  }

  /** Whether the reader is at an element of the array that starts at an offset. */
  static boolean isInArray(Column column, JsonReader json, int valueStart) {
    return json.tokenStart() > valueStart && column.type() instanceof ArrayType;
  }

  /**
   * Keeps why the current value is invalid.
   *
   * @param valueStart the offset of the whole value
   */
  void keep(Column column, ValueError error, JsonReader json, int valueStart) throws IOException {
    int ordinal = column.ordinal();
    errors[ordinal] = error;
    values[ordinal] = Quoted.invalidValue(json);
    elements[ordinal] = isInArray(column, json, valueStart) ? json.index() : NO_ELEMENT;
  }

  /** Reports the invalid value that was kept. */
  void reportInvalid(Column column) {
    if (!result.failEvent()) {
      return;
    }
    ValueError error = Objects.requireNonNull(errors[column.ordinal()]);
    int element = elements[column.ordinal()];
    String path = element == NO_ELEMENT ? "" : "/" + element;
    ColumnType type = element == NO_ELEMENT ? column.type() : column.type().scalar();
    String reason = column.field() + path + ofTable + type.explain(error);
    String detail = reason + ", not " + values[column.ordinal()];
    result.add(event, column.field(), path, error.code(), detail, reason, table, false);
  }

  /** Reports that a required column has no value. */
  void reportMissing(Column column) {
    String header = column.header() == null ? "" : "; send the header " + column.header();
    report(column, "missing_field", " is required" + header);
  }

  /** Reports a value for a column that is filled from the request. */
  void reportFilled(Column column) {
    boolean isHeader = column.header() != null;
    report(
        column,
        isHeader ? "header_field" : "source_field",
        " is filled %s; do not send it in events"
            .formatted(isHeader ? "from the header " + column.header() : "by the service"));
  }

  /**
   * @param predicate to the name of the field
   */
  void report(Column column, String code, String predicate) {
    if (result.failEvent()) {
      String reason = column.field() + ofTable + predicate;
      result.add(event, column.field(), "", code, reason, reason, table, false);
    }
  }

  /** Reports a field that is not that of a column. */
  void report(String fieldName, String code, String predicate) {
    report(fieldName, code, predicate, "");
  }

  /**
   * @param value what is to be quoted behind the predicate, or nothing
   */
  void report(String fieldName, String code, String predicate, String value) {
    if (result.failEvent()) {
      String name = Quoted.cut(fieldName);
      String reason = name + ofTable + predicate;
      result.add(event, name, "", code, reason + value, reason, table, true);
    }
  }
}
