package attolytics.bench.jmh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.bench.load.Body;
import attolytics.bench.load.ExampleEvents;
import attolytics.bench.load.ExampleEvents.FieldOrder;
import attolytics.buffer.Batch;
import attolytics.decode.Decoded;
import attolytics.decode.Decoder;
import attolytics.schema.App;
import attolytics.schema.yaml.SchemaException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is measured beside the service's decoder does the same work. */
final class JacksonDecoderTest {
  private static final int MAX_BATCH = 1 << 20;
  private static final String BODY =
      "{\"secret_key\":\"example-secret-key\",\"events\":[{\"_t\":\"events\",%s}]}";
  private static final String REQUIRED =
      "\"platform\":\"p\",\"version\":\"1\",\"event_type\":\"t\"";

  private final Decoder own = new Decoder();
  private final JacksonDecoder jackson = new JacksonDecoder();
  private final Batch expected = new Batch(MAX_BATCH);
  private final Batch actual = new Batch(MAX_BATCH);
  private final App app = ExampleEvents.app();

  JacksonDecoderTest() throws SchemaException {}

  @ParameterizedTest
  @EnumSource
  void decode_encodesTheRowsOfTheServicesDecoder(FieldOrder order) {
    for (Body body : new ExampleEvents(order).bodies(20, 10)) {
      assertSameRows(body.json());
    }
  }

  @Test
  void decode_textsAndNumbers_areEncodedAlike() {
    for (String field :
        new String[] {
          "\"score\":-0",
          "\"score\":2147483647",
          "\"score\":null",
          "\"score\" : -17 ",
          "\"user_id\":\"\\u00e9\\n\\ud83d\\ude00 é 😀\"",
          "\"us\\u0065r_id\":\"x\"",
        }) {
      assertSameRows(BODY.formatted(REQUIRED + "," + field).getBytes(UTF_8));
      assertSameRows(BODY.formatted(field + "," + REQUIRED).getBytes(UTF_8));
    }
  }

  private void assertSameRows(byte[] json) {
    expected.clear();
    Decoded decoded = own.decode(app, json, json.length, name -> null, expected);
    assertFalse(decoded.anyEventInvalid(), () -> decoded.errors().toString());
    assertNull(decoded.malformed());
    actual.clear();

    assertNull(jackson.decode(app, json, json.length, actual));

    assertEquals(expected.rowCount(), actual.rowCount());
    assertArrayEquals(rows(expected), rows(actual));
  }

  private static byte[] rows(Batch batch) {
    return Arrays.copyOf(batch.rows().array(), batch.byteCount());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ",\"unknown\":1",
        ",\"time\":1,\"time\":2",
        ",\"score\":1.0",
        ",\"score\":2147483648",
        ",\"score\":\"1\"",
        ",\"score\":01",
        ",\"user_id\":7",
        ",\"user_id\":\"\\u0000\"",
        ",\"user_id\":\"\\ud800\"",
        ",\"user_id\":\"\u0001\"",
        ",\"user_id\":\"\u00C0\u0080\"", // an overlong form, as bytes
        ",\"time\":99999999999999",
        ",\"time\":\"yesterday\"",
        ",",
      })
  void decode_invalidEvent_isRefusedByBoth(String fields) {
    byte[] json = BODY.formatted(REQUIRED + fields).getBytes(ISO_8859_1);
    expected.clear();
    actual.clear();

    Decoded decoded = own.decode(app, json, json.length, name -> null, expected);

    assertTrue(decoded.malformed() != null || decoded.anyEventInvalid(), fields);
    assertNotNull(jackson.decode(app, json, json.length, actual), fields);
  }
}
