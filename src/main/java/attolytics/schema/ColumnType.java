package attolytics.schema;

import attolytics.encoding.ValueEncoder;
import attolytics.encoding.ValueError;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The type of a column: which JSON values it accepts, their encoding in COPY's binary format, and
 * the type in PostgreSQL. It is a {@link ScalarType}, one of these with restrictions ({@link
 * StringType}, {@link TimestampType}), or an {@link ArrayType} of one. Immutable.
 */
public sealed interface ColumnType extends ValueEncoder
    permits ScalarType, StringType, TimestampType, ArrayType {
  /** The type without restrictions; of an array, that of the elements. */
  ScalarType scalar();

  /** Whether this is that type, with or without restrictions, and not an array of it. */
  default boolean is(ScalarType type) {
    return scalar() == type;
  }

  /** The type's name in the schema file. */
  default String schemaName() {
    return scalar().schemaName();
  }

  /** The values that the type accepts, in words. */
  default String accepts() {
    return scalar().accepts();
  }

  /** The type's name in {@code CREATE TABLE}. */
  default String sqlName() {
    return scalar().sqlName();
  }

  /**
   * The types that an existing column can have, as {@code regtype} prints them, the first being the
   * one that is created.
   */
  default List<String> sqlTypes() {
    return scalar().sqlTypes();
  }

  /** The access method of an index with {@code indexed: true}. */
  default String indexMethod() {
    return scalar().indexMethod();
  }

  /** Whether PostgreSQL has a BRIN operator class for the type. */
  default boolean supportsBrin() {
    return scalar().supportsBrin();
  }

  /** Whether this type can hold every value of a type, given as {@code regtype} prints it. */
  default boolean holdsAllOf(String sqlType) {
    return scalar().holdsAllOf(sqlType);
  }

  /** The least {@code n} of a VARCHAR(n) that holds every value, or 0 if it has no limit. */
  default int maxLength() {
    return 0;
  }

  /** What the column accepts, as a predicate to the column's name. */
  default String explain(ValueError error) {
    return switch (error) {
      case OUT_OF_RANGE -> " must be " + accepts() + " in the range of " + scalar().sqlName();
      case INVALID_STRING -> " must be " + accepts() + " without U+0000 and unpaired surrogates";
      default -> " must be " + accepts();
    };
  }

  /** The type with that name in the schema file, or null. */
  static @Nullable ColumnType named(String schemaName) {
    boolean isArray = schemaName.endsWith(ArrayType.SUFFIX);
    int end = schemaName.length() - (isArray ? ArrayType.SUFFIX.length() : 0);
    ScalarType scalar = ScalarType.named(schemaName.substring(0, end));
    return !isArray || scalar == null ? scalar : ArrayType.of(scalar);
  }

  /** The names of all types but arrays. */
  static List<String> scalarNames() {
    return Stream.of(ScalarType.values()).map(ScalarType::schemaName).toList();
  }

  /** The names of all types of arrays. */
  static List<String> arrayNames() {
    return Stream.of(ScalarType.values())
        .filter(ArrayType::canBeElement)
        .map(type -> type.schemaName() + ArrayType.SUFFIX)
        .toList();
  }
}
