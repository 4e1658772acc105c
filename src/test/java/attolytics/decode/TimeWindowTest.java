package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.schema.App;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaException;
import attolytics.schema.yaml.SchemaFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The times that events of a partitioned table can have. */
class TimeWindowTest {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns: [{name: n, type: i32}, {name: at, type: timestamp, required: true}, {name: s}]
          partition_by: {column: at, interval: day}
          retention: 90 days
        d:
          columns: [{name: day, type: date, required: true}]
          partition_by: {column: day, interval: day}
          retention: 90 days
        ever:
          columns: [{name: at, type: timestamp, required: true}]
          partition_by: {column: at, interval: day}
        arrival:
          columns: [{name: at, type: timestamp, required: true, source: received_at}]
          partition_by: {column: at, interval: day}
          retention: 90 days
      apps:
        strict: {secret_key: k, tables: [t, d, ever, arrival]}
        lenient: {secret_key: k, tables: [t, d, ever, arrival], validation: lenient}
      """;

  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  @TempDir private Path directory;

  private Schema schema;
  private Instant now = NOW;
  private Instant receivedAt = NOW;
  private final Decoder decoder = new Decoder(() -> now);

  @BeforeEach
  void readSchema() throws IOException, SchemaException {
    schema = SchemaFile.read(Files.writeString(directory.resolve("schema.yaml"), SCHEMA), Map.of());
  }

  /** The errors, or the number of rows. */
  private String outcome(String appId, String... events) {
    App app = Objects.requireNonNull(schema.apps().get(appId));
    byte[] body =
        ("{\"secret_key\":\"k\",\"events\":[" + String.join(",", events) + "]}")
            .getBytes(StandardCharsets.UTF_8);
    Batch batch = new Batch(1 << 16);
    Decoded decoded = decoder.decode(app, body, body.length, request(), batch);
    assertNull(decoded.malformed());
    return decoded.anyEventInvalid()
        ? decoded.errors().stream()
            .map(e -> e.code() + " " + e.pointer() + ": " + e.detail())
            .collect(Collectors.joining("\n"))
        : Integer.toString(batch.rowCount());
  }

  private Headers request() {
    return new Headers() {
      @Override
      public @Nullable String first(String name) {
        return null;
      }

      @Override
      public Instant receivedAt() {
        return receivedAt;
      }
    };
  }

  private void assertOutcome(String expected, String... events) {
    assertEquals(expected, outcome("strict", events));
    assertEquals(expected, outcome("lenient", events));
  }

  private static String t(String at) {
    return "{\"_t\":\"t\",\"at\":" + at + "}";
  }

  private static String d(String day) {
    return "{\"_t\":\"d\",\"day\":\"" + day + "\"}";
  }

  private static final String TOO_OLD =
      "too_old /events/0/at: at of table t is before 2026-08-27T12:00:00Z; events are kept for 90 days";
  private static final String TOO_FAR_AHEAD =
      "too_far_ahead /events/0/at: at of table t is after 2026-11-26T12:00:00Z; it must be at most 24 hours ahead";

  @Test
  void timestamp_isAcceptedWithinRetentionAndADayAhead() {
    assertOutcome("1", t("\"2026-08-27T12:00:00Z\""));
    assertOutcome("1", t("\"2026-11-26T12:00:00Z\""));
    assertOutcome("1", t("1795608000")); // now
    assertOutcome(TOO_OLD, t("\"2026-08-27T11:59:59.999999Z\""));
    assertOutcome(TOO_FAR_AHEAD, t("\"2026-11-26T12:00:00.000001Z\""));
    assertOutcome(TOO_OLD, t("0"));
    assertOutcome(TOO_OLD, t("-210866803200"));
    assertOutcome(TOO_FAR_AHEAD, t("253402300799"));
    assertOutcome("1", t("\"2026-08-27T14:00:00+02:00\""));
  }

  @Test
  void date_isAcceptedIfAPartOfItIs() {
    assertOutcome("1", d("2026-08-27"));
    assertOutcome("1", d("2026-11-26"));
    assertOutcome(
        "too_old /events/0/day: day of table d is before 2026-08-27T12:00:00Z; events are kept for 90 days",
        d("2026-08-26"));
    assertOutcome(
        "too_far_ahead /events/0/day: day of table d is after 2026-11-26T12:00:00Z; it must be at most 24 hours"
            + " ahead",
        d("2026-11-27"));
    assertOutcome(
        "too_old /events/0/day: day of table d is before 2026-08-27T12:00:00Z; events are kept for 90 days",
        d("0000-01-01"));
    assertTrue(outcome("strict", d("9999-12-31")).startsWith("too_far_ahead "));
  }

  @Test
  void withoutRetention_onlyTheFutureIsRefused() {
    assertOutcome("1", "{\"_t\":\"ever\",\"at\":-210866803200}");
    assertOutcome(
        TOO_FAR_AHEAD.replace("of table t", "of table ever"),
        "{\"_t\":\"ever\",\"at\":\"2026-11-26T12:00:01Z\"}");
  }

  /** A replay has that of the request that was put into quarantine. */
  @Test
  void timeOfTheRequest_isCheckedToo() {
    assertOutcome("1", "{\"_t\":\"arrival\"}");
    receivedAt = NOW.minus(Duration.ofDays(91));
    assertOutcome(TOO_OLD.replace("table t", "table arrival"), "{\"_t\":\"arrival\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"_t\":\"t\",\"s\":\"x\",\"at\":0,\"n\":1}", // out of order
        "{\"at\":0,\"n\":1,\"_t\":\"t\"}",
        "{\"_t\":\"t\",\"n\":null,\"at\":\"1970-01-01T00:00:00Z\",\"s\":\"much longer than that\"}"
      })
  void order_doesNotMatter(String event) {
    assertOutcome(TOO_OLD, event);
  }

  @Test
  void lastOfSeveralTimes_isUsed() {
    String old = "{\"_t\":\"t\",\"at\":1795608000,\"at\":0}";
    String good = "{\"_t\":\"t\",\"at\":0,\"s\":\"x\",\"at\":1795608000}";
    assertEquals(TOO_OLD, outcome("lenient", old));
    assertEquals("1", outcome("lenient", good));
  }

  @Test
  void otherErrors_areReportedAsUsual() {
    assertOutcome("missing_field /events/0/at: at of table t is required", t("null"));
    assertTrue(outcome("lenient", t("\"then\"")).startsWith("invalid_timestamp "));
    assertEquals(
        "type_mismatch /events/0/n: n of table t must be an integer, not \"1\"\n" + TOO_OLD,
        outcome("strict", "{\"_t\":\"t\",\"n\":\"1\",\"at\":0}"));
  }

  @Test
  void eachEvent_isChecked() {
    assertOutcome(
        "too_old /events/1/at: at of table t is before 2026-08-27T12:00:00Z; events are kept for 90 days\n"
            + "too_old /events/2/day: day of table d is before 2026-08-27T12:00:00Z; events are kept for 90"
            + " days",
        t("1795608000"),
        t("0"),
        d("1970-01-01"),
        t("1795608000"));
    assertOutcome("3", t("1795608000"), d("2026-11-25"), t("1795608000"));
  }

  @Test
  void nextRequest_usesItsOwnTime() {
    assertOutcome("1", t("\"2026-08-27T12:00:00Z\""));
    now = NOW.plusSeconds(1);
    assertOutcome(TOO_OLD.replace("12:00:00Z", "12:00:01Z"), t("\"2026-08-27T12:00:00Z\""));
    assertOutcome("1", t("\"2026-11-26T12:00:01Z\""));
  }
}
