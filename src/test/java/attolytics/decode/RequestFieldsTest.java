package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.DefaultValue;
import attolytics.schema.Index;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Source;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Columns that are filled from the request, as they are stored. */
class RequestFieldsTest {
  private static final Instant RECEIVED = Instant.parse("2000-01-01T00:00:01Z");
  private static final byte[] IPV4 = {2, 32, 0, 4, 1, 2, 3, 4};

  private final Decoder decoder = new Decoder();

  private static Column column(
      ColumnType type,
      @Nullable String header,
      @Nullable Source source,
      @Nullable DefaultValue value) {
    return new Column("c", type, "c", header, source, value, false, Index.NONE, false, 0);
  }

  private static App app(Column column) {
    Table table = new Table("t", 0, List.of(column));
    return new App("the app", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, List.of(table));
  }

  private byte[] row(App app, Map<String, String> values) {
    byte[] body =
        "{\"secret_key\":\"k\",\"events\":[{\"_t\":\"t\"}]}".getBytes(StandardCharsets.UTF_8);
    Headers headers =
        new Headers() {
          @Override
          public @Nullable String first(String name) {
            return values.get(name);
          }

          @Override
          public Instant receivedAt() {
            return RECEIVED;
          }
        };
    Batch into = new Batch(1 << 10);
    assertFalse(decoder.decode(app, body, body.length, headers, into).anyEventInvalid());
    return Arrays.copyOf(into.rows().array(), into.byteCount());
  }

  private static byte[] rowOf(Consumer<CopyBuffer> field) {
    CopyBuffer row = new CopyBuffer(64, 64);
    row.putShort(1);
    field.accept(row);
    return Arrays.copyOf(row.array(), row.size());
  }

  private static byte[] rowOf(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return rowOf(row -> row.putField(bytes, 0, bytes.length));
  }

  private static final byte[] NULL = rowOf(CopyBuffer::putNull);

  @Test
  void header_isThatOfEachRequest() {
    App app = app(column(ScalarType.STRING, "Referer", null, null));
    assertArrayEquals(rowOf("one"), row(app, Map.of("Referer", "one")));
    assertArrayEquals(rowOf("2"), row(app, Map.of("Referer", "2")));
    assertArrayEquals(NULL, row(app, Map.of()));
    assertArrayEquals(rowOf("a b"), row(app, Map.of("Referer", "a\0b")));
  }

  @Test
  void header_thatIsMissing_isTheDefault() {
    DefaultValue unknown = DefaultValue.of(ScalarType.STRING, "\"unknown\"");
    App app = app(column(ScalarType.STRING, "Referer", null, unknown));
    assertArrayEquals(rowOf("unknown"), row(app, Map.of()));
    assertArrayEquals(rowOf(""), row(app, Map.of("Referer", "")));
    assertArrayEquals(rowOf("one"), row(app, Map.of("Referer", "one")));
  }

  @Test
  void receivedAt_isWhenTheRequestArrived() {
    App app = app(column(ScalarType.TIMESTAMP, null, Source.RECEIVED_AT, null));
    assertArrayEquals(rowOf(row -> row.putField8(1_000_000)), row(app, Map.of()));
  }

  @Test
  void appId_isThatOfTheApp() {
    assertArrayEquals(
        rowOf("the app"), row(app(column(ScalarType.STRING, null, Source.APP_ID, null)), Map.of()));
  }

  /** Apps share what the decoder keeps of a table. */
  @Test
  void tableOfTwoApps_isFilledAndValidatedForEach() {
    Table table = new Table("t", 0, List.of(column(ScalarType.STRING, null, Source.APP_ID, null)));
    App one = new App("one", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, List.of(table));
    App two = new App("two", List.of("k"), App.ANY_ORIGIN, Validation.LENIENT, List.of(table));
    byte[] unknown = "{\"events\":[{\"_t\":\"t\",\"x\":1}]}".getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 2; i++) {
      assertArrayEquals(rowOf("one"), row(one, Map.of()));
      assertArrayEquals(rowOf("two"), row(two, Map.of()));
      assertTrue(isInvalid(one, unknown));
      assertFalse(isInvalid(two, unknown));
    }
  }

  private boolean isInvalid(App app, byte[] body) {
    return decoder
        .decode(app, body, body.length, name -> null, new Batch(1 << 10))
        .anyEventInvalid();
  }

  @Test
  void clientIp_isAnAddress() {
    App app = app(column(ScalarType.INET, null, Source.CLIENT_IP, null));
    assertArrayEquals(
        rowOf(row -> row.putField(IPV4, 0, IPV4.length)),
        row(app, Map.of(Quarantine.CLIENT_IP, "1.2.3.4")));
    assertArrayEquals(NULL, row(app, Map.of(Quarantine.CLIENT_IP, "1.2.3.:")));
    assertArrayEquals(NULL, row(app, Map.of()));
  }

  @Test
  void clientIp_isText_inAColumnOfText() {
    App app = app(column(ScalarType.STRING, null, Source.CLIENT_IP, null));
    assertArrayEquals(rowOf("1.2.3.4"), row(app, Map.of(Quarantine.CLIENT_IP, "1.2.3.4")));
    assertArrayEquals(NULL, row(app, Map.of()));
  }

  private String detail(App app, String field) {
    byte[] body =
        ("{\"secret_key\":\"k\",\"events\":[{\"_t\":\"t\"," + field + "}]}")
            .getBytes(StandardCharsets.UTF_8);
    Decoded decoded = decoder.decode(app, body, body.length, name -> null, new Batch(1 << 10));
    return decoded.errors().get(0).detail();
  }

  @Test
  void valueThatIsSent_isAnError_thatSaysWhoFillsTheColumn() {
    assertEquals(
        "c of table t is filled from the header Referer; do not send it in events",
        detail(app(column(ScalarType.STRING, "Referer", null, null)), "\"c\":\"x\""));
    assertEquals(
        "c of table t is filled by the service; do not send it in events",
        detail(app(column(ScalarType.STRING, null, Source.APP_ID, null)), "\"c\":\"x\""));
  }

  @Test
  void numberThatIsNoTime_isExplainedByItsUnit() {
    App app = app(column(ScalarType.TIMESTAMP, null, null, null));
    assertEquals(
        "c of table t must be seconds since 1970 or an RFC 3339 date-time such as"
            + " 2026-01-31T12:00:00Z up to the year 9999 (is this in milliseconds?), not"
            + " 1571212800500",
        detail(app, "\"c\":1571212800500"));
  }

  @Test
  void elementThatIsInvalid_isExplainedByTheTypeOfTheElements() {
    ColumnType integers = Objects.requireNonNull(ColumnType.named("i32[]"));
    App app = app(column(integers, null, null, null));
    assertEquals("c/1 of table t must be an integer, not \"x\"", detail(app, "\"c\":[1,\"x\"]"));
    assertTrue(detail(app, "\"c\":7").startsWith("c of table t must be an array"));
  }
}
