package attolytics.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.ValueError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Encodes a JSON value as a field. */
final class Encoding {
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
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    JsonReader reader = new JsonReader();
    reader.open(bytes, 0, bytes.length);
    try (reader) {
      reader.nextToken();
      return type.encode(reader, out);
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }
}
