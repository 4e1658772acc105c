package attolytics.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A JSON value's way through a parser over bytes into a field of COPY. */
final class Encoding {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNumberLength(Integer.MAX_VALUE).build())
          .build();

  private Encoding() {}

  /** The field's bytes after its length, which is checked. */
  static ByteBuffer value(ColumnType type, String json) {
    CopyBuffer out = new CopyBuffer(1, 1 << 24);
    assertNull(encode(type, json, out), json);
    ByteBuffer field = ByteBuffer.wrap(Arrays.copyOf(out.array(), out.size()));
    assertEquals(field.getInt(), field.remaining(), json);
    return field.slice();
  }

  static @Nullable ValueError error(ColumnType type, String json) {
    return encode(type, json, new CopyBuffer(1, 1 << 24));
  }

  private static @Nullable ValueError encode(ColumnType type, String json, CopyBuffer out) {
    try (JsonParser parser = JSON.createParser(json.getBytes(StandardCharsets.UTF_8))) {
      parser.nextToken();
      return type.encode(parser, out);
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }
}
