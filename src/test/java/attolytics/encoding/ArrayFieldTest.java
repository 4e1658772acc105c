package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ArrayFieldTest {
  private static final int OID = 23;
  private static final String HEX_OID = "00000017";

  private final CopyBuffer out = new CopyBuffer(0, 1000);

  private @Nullable ValueError encode(String json) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    JsonReader reader = new JsonReader();
    reader.open(bytes, 0, bytes.length);
    reader.nextToken();
    ValueEncoder integers = (element, to) -> Integers.encode(element, Integer.MIN_VALUE, to);
    return ArrayField.encode(reader, integers, OID, out);
  }

  private String written() {
    return HexFormat.of().formatHex(out.array(), 0, out.size());
  }

  @Test
  void array_hasOneDimension_andItsElements() throws IOException {
    out.putByte(0xAB); // what is before the field
    assertNull(encode("[5, 6]"));
    assertEquals(
        "ab"
            + "00000024" // 36 bytes
            + "00000001"
            + "00000000"
            + HEX_OID
            + "00000002"
            + "00000001"
            + "00000004"
            + "00000005"
            + "00000004"
            + "00000006",
        written());
  }

  @Test
  void array_saysThatItHasNulls() throws IOException {
    assertNull(encode("[null, 6]"));
    assertEquals(
        "00000020"
            + "00000001"
            + "00000001"
            + HEX_OID
            + "00000002"
            + "00000001"
            + "ffffffff"
            + "00000004"
            + "00000006",
        written());
  }

  @Test
  void emptyArray_hasNoDimension() throws IOException {
    assertNull(encode("[]"));
    assertEquals("0000000c" + "00000000" + "00000000" + HEX_OID, written());
  }

  @Test
  void invalidElement_isTheErrorOfTheArray() throws IOException {
    assertSame(ValueError.TYPE_MISMATCH, encode("[1, \"x\", 2]"));
  }
}
