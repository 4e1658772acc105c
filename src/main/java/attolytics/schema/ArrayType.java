package attolytics.schema;

import attolytics.encoding.ArrayField;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.ValueError;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A one-dimensional array of a scalar type.
 *
 * @param element the type of the elements, which can be null
 */
public record ArrayType(ScalarType element) implements ColumnType {
  static final String SUFFIX = "[]";

  /** Null if there are no arrays of that type. */
  static @Nullable ArrayType of(ScalarType element) {
    return canBeElement(element) ? new ArrayType(element) : null;
  }

  /** A JSON column holds arrays itself. */
  static boolean canBeElement(ScalarType type) {
    return type != ScalarType.JSON;
  }

  @Override
  public ScalarType scalar() {
    return element;
  }

  @Override
  public boolean is(ScalarType type) {
    return false;
  }

  @Override
  public String schemaName() {
    return element.schemaName() + SUFFIX;
  }

  @Override
  public String accepts() {
    return "an array, each of its elements null or " + element.accepts();
  }

  @Override
  public String sqlName() {
    return element.sqlName() + SUFFIX;
  }

  @Override
  public List<String> sqlTypes() {
    return List.of(element.sqlTypes().get(0) + SUFFIX); // only its OID is sent
  }

  /** Serves {@code @>} and {@code &&}; a btree would reject values of over 2 kB. */
  @Override
  public String indexMethod() {
    return "gin";
  }

  @Override
  public boolean supportsBrin() {
    return false;
  }

  @Override
  public boolean holdsAllOf(String sqlType) {
    return sqlType.endsWith(SUFFIX)
        && element.holdsAllOf(sqlType.substring(0, sqlType.length() - SUFFIX.length()));
  }

  @Override
  public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
    return json.token() == JsonToken.START_ARRAY
        ? ArrayField.encode(json, element, element.oid(), out)
        : ValueError.TYPE_MISMATCH;
  }
}
