package attolytics.schema;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.Text;
import attolytics.encoding.ValueError;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A string of limited length, or one of some values. */
public final class StringType implements ColumnType {
  private final int maxLength;
  private final List<String> values;
  private final Set<String> allowed;

  /**
   * @param maxLength in characters, or 0 if unlimited
   * @param values without duplicates, or an empty list if every string is allowed
   */
  public StringType(int maxLength, List<String> values) {
    this.maxLength = maxLength;
    this.values = List.copyOf(values);
    this.allowed = Set.copyOf(values);
  }

  @Override
  public ScalarType scalar() {
    return ScalarType.STRING;
  }

  /** The allowed values, or an empty list if every string is allowed. */
  public List<String> values() {
    return values;
  }

  @Override
  public int maxLength() {
    return maxLength;
  }

  @Override
  public String sqlName() {
    return maxLength == 0 ? scalar().sqlName() : scalar().sqlName() + "(" + maxLength + ")";
  }

  @Override
  public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
    if (json.token() != JsonToken.VALUE_STRING) {
      return ValueError.TYPE_MISMATCH;
    }
    Text text = json.text();
    ValueError error = encode(text, out);
    if (error != null) {
      return error;
    }
    if (maxLength > 0 && text.length() > maxLength && text.codePoints() > maxLength) {
      return ValueError.TOO_LONG;
    }
    return values.isEmpty() || isAllowed(text.toShortString())
        ? null
        : ValueError.VALUE_NOT_ALLOWED;
  }

  private boolean isAllowed(@Nullable String text) {
    return text != null && allowed.contains(text);
  }

  static @Nullable ValueError encode(Text text, CopyBuffer out) {
    if (text.hasNulOrLoneSurrogate()) {
      return ValueError.INVALID_STRING;
    }
    out.putField(text.bytes(), text.start(), text.length());
    return null;
  }

  @Override
  public String explain(ValueError error) {
    return switch (error) {
      case TOO_LONG ->
          " must have at most " + (maxLength == 1 ? "1 character" : maxLength + " characters");
      case VALUE_NOT_ALLOWED -> " must be one of " + firstValues();
      default -> ColumnType.super.explain(error);
    };
  }

  /** The first of the values, as there may be many. */
  private String firstValues() {
    int shown = 10;
    String first =
        values.stream().limit(shown).map(v -> '"' + v + '"').collect(Collectors.joining(", "));
    return first + (values.size() > shown ? ", …" : "");
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StringType that
        && maxLength == that.maxLength
        && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return 31 * maxLength + values.hashCode();
  }

  @Override
  public String toString() {
    return "StringType[maxLength=" + maxLength + ", values=" + values + "]";
  }
}
