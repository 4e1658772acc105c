package attolytics.decode;

import attolytics.encoding.JsonReader;
import attolytics.schema.Column;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the column of a field by the field's name, and predicts which name comes next: clients
 * mostly send the same fields in the same order, and the parser is faster with a name that it
 * expects. Not thread-safe.
 */
final class FieldNames {
  private final Map<String, Column> columns = new HashMap<>();
  private final SerializableString[] names;

  /**
   * For each position, the ordinal of the column whose field came next the last time: at 0 for the
   * start of an event, at i + 1 for the field after that of column i.
   */
  private final int[] successors;

  private int position; // index into successors

  /**
   * @param columns all of the table's; the one with {@code rest} has no name of its own
   */
  FieldNames(Column[] columns) {
    names = new SerializableString[columns.length];
    successors = new int[columns.length + 1];
    for (int i = 0; i < columns.length; i++) {
      names[i] = new SerializedString(columns[i].field());
      successors[i] = i;
      if (!columns[i].rest()) {
        this.columns.put(columns[i].field(), columns[i]);
      }
    }
  }

  /** The fields that follow are those of another event. */
  void start() {
    position = 0;
  }

  /** The name that most likely comes next. */
  SerializableString next() {
    return names[successors[position]];
  }

  /** The column of the field whose name is the current token, or null. */
  @Nullable Column find(JsonReader json) throws IOException {
    Column column = columns.get(json.name());
    if (column == null || json.nameHasLoneSurrogate()) {
      return null;
    }
    successors[position] = column.ordinal();
    position = column.ordinal() + 1;
    return column;
  }
}
