package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.DefaultValue;
import attolytics.schema.EpochUnit;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Source;
import attolytics.schema.StringType;
import attolytics.schema.Table;
import attolytics.schema.TimestampType;
import attolytics.schema.Validation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks that {@link Decoder} and {@link Reference} agree on a body. */
final class Oracle {
  /** A column of each type, by the type's name. */
  static final Table TYPES = new Table("types", 0, columnOfEachType());

  /** Required columns, and columns filled from headers. */
  static final Table DUTIES =
      table(
          1,
          "Sel\"ect é~/",
          new Column("referer", ScalarType.STRING, "Referer", Index.NONE, false, 0),
          new Column("q\"\\\n", ScalarType.I32, null, Index.NONE, true, 1),
          new Column("a b", ScalarType.TIMESTAMP, null, Index.NONE, true, 2),
          new Column("~/é", ScalarType.STRING, null, Index.NONE, true, 3),
          new Column("missing", ScalarType.STRING, "X-Missing", Index.NONE, false, 4),
          new Column("agent", ScalarType.STRING, "User-Agent", Index.NONE, true, 5));

  static final Table STRICTER =
      table(2, "stricter", new Column("h", ScalarType.STRING, "X-Missing", Index.NONE, true, 0));

  /** Columns with restrictions, defaults, a source, and one for the rest of the fields. */
  static final Table KEYS =
      table(
          3,
          "keys",
          keyed("id", ScalarType.STRING, "userId", "\"unknown\"", true, 0),
          keyed("kind", new StringType(0, List.of("a", "true", "é")), "kind", null, false, 1),
          keyed("short", new StringType(3, List.of()), "short", "\"€€€\"", false, 2),
          new Column("rest", ScalarType.JSON, "", null, null, null, true, Index.NONE, false, 3),
          keyed("ms", new TimestampType(EpochUnit.MS), "ms", "1.5e3", true, 4),
          keyed("us", new TimestampType(EpochUnit.US), "us", null, false, 5),
          keyed("n", ScalarType.I32, "x~/y", "7", false, 6),
          keyed("tags", type("string[]"), "tags", "[\"a\",null,\"'\\\\\\\"\"]", false, 7),
          keyed("price", ScalarType.NUMERIC, "price", "\"1.50\"", false, 8),
          keyed("day", ScalarType.DATE, "day", "\"2019-10-16\"", true, 9),
          new Column(
              "app",
              ScalarType.STRING,
              "app",
              null,
              Source.APP_ID,
              null,
              false,
              Index.NONE,
              true,
              10));

  static final List<Table> TABLES = List.of(TYPES, DUTIES, STRICTER, KEYS);
  static final App STRICT = app(Validation.STRICT);
  static final App LENIENT = app(Validation.LENIENT);

  /** As in HTTP, one char per byte, and as stored. */
  private static final Map<String, String> RAW_HEADERS =
      Map.of("Referer", "\u00C3\u00A9!", "User-Agent", "Latin-1 \u00FF");

  private static final Map<String, String> HEADERS =
      Map.of("Referer", "é!", "User-Agent", "Latin-1 \u00FF");

  private final Decoder decoder = new Decoder();
  private final Batch batch = new Batch(1 << 24);

  private static List<Column> columnOfEachType() {
    List<Column> columns = new ArrayList<>();
    List<String> names = new ArrayList<>(ColumnType.scalarNames());
    names.addAll(ColumnType.arrayNames());
    for (String name : names) {
      ColumnType type = Objects.requireNonNull(ColumnType.named(name));
      columns.add(new Column(name, type, null, Index.NONE, false, columns.size()));
    }
    return columns;
  }

  private static ColumnType type(String name) {
    return Objects.requireNonNull(ColumnType.named(name));
  }

  private static Column keyed(
      String name,
      ColumnType type,
      String field,
      @Nullable String defaultJson,
      boolean required,
      int ordinal) {
    DefaultValue value = defaultJson == null ? null : DefaultValue.of(type, defaultJson);
    return new Column(name, type, field, null, null, value, false, Index.NONE, required, ordinal);
  }

  private static Table table(int ordinal, String name, Column... columns) {
    return new Table(name, ordinal, List.of(columns));
  }

  private static App app(Validation validation) {
    return new App("a", List.of("k"), App.ANY_ORIGIN, validation, TABLES);
  }

  /** A body with these events, which may be malformed. */
  static byte[] body(String events) {
    return ("{\"secret_key\":\"k\",\"events\":[" + events + "]}").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Checks a body.
   *
   * @return the batch with its rows, valid until the next call, or null if it was refused
   */
  @Nullable Batch check(App app, byte[] body) {
    Reference expected = new Reference(app, HEADERS);
    expected.decode(body);
    batch.clear();
    Decoded decoded = decoder.decode(app, body, body.length, RAW_HEADERS::get, batch);

    assertEquals(expected.malformed, decoded.malformed() != null, decoded.malformed());
    if (expected.malformed) {
      return null;
    }
    assertEquals(expected.invalidShape, decoded.invalidShape() != null, decoded.invalidShape());
    if (expected.invalidShape) {
      return null;
    }
    assertEquals(
        expected.secretKey == null ? null : Reference.replaceLoneSurrogates(expected.secretKey),
        decoded.secretKey());
    boolean wrongKey = expected.secretKey != null && !app.accepts(expected.secretKey);
    assertEquals(wrongKey, decoded.wrongSecretKey());
    if (wrongKey) {
      return null; // whether its events are decoded is undefined
    }
    assertEquals(
        expected.unknownTable,
        decoded.unknownTable() != null,
        String.valueOf(decoded.unknownTable()));
    assertErrors(expected.errors, decoded);
    if (expected.unknownTable || decoded.anyEventInvalid()) {
      return null;
    }
    assertEquals(expected.rows, CopiedRows.of(batch));
    return batch;
  }

  /** In any order: invalid values are reported at the end of an event. */
  private static void assertErrors(List<String> expected, Decoded decoded) {
    assertEquals(!expected.isEmpty(), decoded.anyEventInvalid());
    List<String> told = new ArrayList<>();
    for (EventError error : decoded.errors()) {
      assertTrue(error.pointer().startsWith("/events/" + error.event()), error::toString);
      assertTrue(error.detail().length() < 400, error::toString);
      told.add(error.pointer() + " " + error.code());
    }
    if (expected.size() <= Decoded.MAX_ERRORS) {
      Collections.sort(expected);
      Collections.sort(told);
      assertEquals(expected, told);
    } else {
      assertEquals(Decoded.MAX_ERRORS, told.size());
    }
  }
}
