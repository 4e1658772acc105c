package attolytics.schema;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.encoding.JsonReader;
import attolytics.encoding.Text;
import attolytics.encoding.ValueError;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A timestamp.
 *
 * @param unit of the values that are numbers
 */
public record TimestampType(EpochUnit unit) implements ColumnType {
  @Override
  public ScalarType scalar() {
    return ScalarType.TIMESTAMP;
  }

  @Override
  public String accepts() {
    return unit.accepts();
  }

  @Override
  public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
    return encode(json, unit, out);
  }

  @Override
  public String explain(ValueError error) {
    return error == ValueError.OUT_OF_RANGE ? explainRange(unit) : ColumnType.super.explain(error);
  }

  static @Nullable ValueError encode(JsonReader json, EpochUnit unit, CopyBuffer out)
      throws IOException {
    boolean isString = json.token() == JsonToken.VALUE_STRING;
    if (!isString && !json.token().isNumeric()) {
      return ValueError.TYPE_MISMATCH;
    }
    Text text = json.text();
    long micros =
        isString
            ? DateTimes.parseRfc3339(text.bytes(), text.start(), text.length())
            : DateTimes.parseEpoch(text.bytes(), text.start(), text.length(), unit.scale());
    if (micros == DateTimes.NONE) {
      return isString ? ValueError.INVALID_TIMESTAMP : ValueError.OUT_OF_RANGE;
    }
    out.putField8(micros);
    return null;
  }

  static String explainRange(EpochUnit unit) {
    return " must be " + unit.accepts() + " up to the year 9999" + unit.question();
  }
}
