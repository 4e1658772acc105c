package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import attolytics.buffer.Batch;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names with unpaired surrogates, which are read as U+FFFD, are equal to no other name. */
class UnpairedSurrogateTest {
  private static final String REPLACEMENT = "\uFFFD";

  private final Table table =
      new Table(
          REPLACEMENT,
          0,
          List.of(
              new Column(REPLACEMENT, ScalarType.I32, null, Index.NONE, false, 0),
              new Column(
                  "rest", ScalarType.JSON, "", null, null, null, true, Index.NONE, false, 1)));
  private final Decoder decoder = new Decoder();
  private final Batch batch = new Batch(1 << 16);

  private Decoded decode(Validation validation, String event) {
    App app = new App("a", List.of("k"), App.ANY_ORIGIN, validation, List.of(table));
    byte[] body = ("{\"events\":[" + event + "]}").getBytes(StandardCharsets.UTF_8);
    batch.clear();
    return decoder.decode(app, body, body.length, name -> null, batch);
  }

  private static List<String> codes(Decoded decoded) {
    return decoded.errors().stream().map(e -> e.pointer() + " " + e.code()).toList();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "\\ud800, \\ud801",
        "\\ud800, \uFFFD",
        "\uFFFD, \\ud800",
        "\\udc00, \\ud800",
        "\\ud800, \\ud800"
      })
  void names_areNoDuplicates(String first, String second) {
    String event = "{\"_t\":\"\uFFFD\",\"a" + first + "\":1,\"a" + second + "\":2}";
    String error = "/events/0/a\uFFFD invalid_string";
    int invalid = event.split("\\\\u", -1).length - 1;
    assertEquals(
        List.of(error, error).subList(0, invalid), codes(decode(Validation.STRICT, event)));
    assertFalse(decode(Validation.LENIENT, event).anyEventInvalid());
  }

  @Test
  void name_isNotThatOfAColumn() {
    String event = "{\"_t\":\"\uFFFD\",\"\uFFFD\":1,\"\\ud800\":\"x\"}";
    assertEquals(
        List.of("/events/0/\uFFFD invalid_string"), codes(decode(Validation.STRICT, event)));
    assertFalse(decode(Validation.LENIENT, event).anyEventInvalid());
    assertEquals(1L, CopiedRows.of(batch).get(0).values().get(0));
  }

  @ParameterizedTest
  @CsvSource({"k\uFFFD, false", "k\\ud800, true", "k\\udc00, true", "k\\ufffd, false"})
  void secretKey_isNotThatOfAnApp(String sent, boolean wrong) {
    App app = new App("a", List.of("k\uFFFD"), App.ANY_ORIGIN, Validation.STRICT, List.of(table));
    byte[] body =
        ("{\"secret_key\":\"" + sent + "\",\"events\":[]}").getBytes(StandardCharsets.UTF_8);
    Decoded decoded = decoder.decode(app, body, body.length, name -> null, batch);
    assertEquals(wrong, decoded.wrongSecretKey());
  }

  @Test
  void nameOfATable_isThatOfNone() {
    for (Validation validation : Validation.values()) {
      assertNotNull(decode(validation, "{\"_t\":\"\\ud800\"}").unknownTable());
    }
  }
}
