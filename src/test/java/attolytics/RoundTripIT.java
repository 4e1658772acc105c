package attolytics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.app.RunningService;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/** Random values of every type, posted in any order of fields, are what a SELECT returns. */
class RoundTripIT {
  private static final String SCHEMA =
      """
      tables:
        "Sel\\"ect é":
          columns:
            - {name: seq, type: i64}
            - {name: "b c", type: bool}
            - {name: I, type: i32}
            - {name: select, type: i64}
            - {name: f, type: f32}
            - {name: d, type: f64}
            - {name: "s\\"q", type: string}
            - {name: "ü", type: timestamp}
            - {name: день, type: date}
            - {name: "a/b~c", type: uuid}
            - {name: "'", type: json}
      apps:
        a: {secret_key: sesame, tables: ["Sel\\"ect é"]}
      """;

  private static @Nullable RunningService service;
  private static long sequence;

  record Values(
      @Nullable Boolean b,
      @Nullable Integer i,
      @Nullable Long l,
      @Nullable Float f,
      @Nullable Double d,
      @Nullable String s,
      @Nullable Instant at) {}

  record Row(
      Values values,
      @Nullable LocalDate day,
      @Nullable UUID id,
      @Nullable List<Integer> list,
      long order) {}

  @BeforeContainer
  static void start() throws Exception {
    service = RunningService.start(SCHEMA, "");
  }

  @AfterContainer
  static void stop() throws Exception {
    service().close();
  }

  private static RunningService service() {
    RunningService running = service;
    if (running == null) {
      throw new IllegalStateException("not started");
    }
    return running;
  }

  @Provide
  Arbitrary<List<Row>> rows() {
    Arbitrary<String> strings =
        Arbitraries.strings()
            .all()
            .ofMaxLength(40)
            .map(text -> text.codePoints().filter(c -> c != 0 && (c < 0xD800 || c > 0xDFFF)))
            .map(
                c ->
                    c.collect(
                            StringBuilder::new,
                            StringBuilder::appendCodePoint,
                            StringBuilder::append)
                        .toString());
    Arbitrary<Instant> instants =
        Combinators.combine(
                Arbitraries.longs().between(-62_135_596_800L, 253_402_300_799L),
                Arbitraries.integers().between(0, 999_999))
            .as((seconds, micros) -> Instant.ofEpochSecond(seconds, micros * 1000L));
    Arbitrary<LocalDate> days =
        Arbitraries.longs().between(-719_528, 2_932_896).map(LocalDate::ofEpochDay);
    Arbitrary<UUID> ids =
        Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(UUID::new);
    Arbitrary<Values> values =
        Combinators.combine(
                Arbitraries.of(true, false).injectNull(0.1),
                Arbitraries.integers().injectNull(0.1),
                Arbitraries.longs().injectNull(0.1),
                Arbitraries.floats().injectNull(0.1),
                Arbitraries.doubles().injectNull(0.1),
                strings.injectNull(0.1),
                instants.injectNull(0.1))
            .as(Values::new);
    return Combinators.combine(
            values,
            days.injectNull(0.1),
            ids.injectNull(0.1),
            Arbitraries.integers().list().ofMaxSize(3).injectNull(0.1),
            Arbitraries.longs())
        .as(Row::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(12);
  }

  @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED)
  void rows_areReadBack(@ForAll("rows") List<Row> rows) throws Exception {
    long first = sequence;
    List<String> events = new ArrayList<>();
    for (Row row : rows) {
      events.add(json(row, sequence++));
    }
    assertEquals(200, service().post(String.join(",", events)).statusCode(), events::toString);
    try (Connection connection = service().database().connect();
        Statement sql = connection.createStatement();
        ResultSet read =
            sql.executeQuery(
                "SELECT * FROM \"Sel\"\"ect é\" WHERE seq >= " + first + " ORDER BY seq")) {
      for (Row row : rows) {
        read.next();
        assertEquals(row.values.b, read.getObject("b c"));
        assertEquals(row.values.i, read.getObject("I"));
        assertEquals(row.values.l, read.getObject("select"));
        assertEquals(row.values.f, read.getObject("f"));
        assertEquals(row.values.d, read.getObject("d"));
        assertEquals(row.values.s, read.getString("s\"q"));
        OffsetDateTime at = read.getObject("ü", OffsetDateTime.class);
        assertEquals(row.values.at, at == null ? null : at.toInstant());
        assertEquals(row.day, read.getObject("день", LocalDate.class));
        assertEquals(row.id, read.getObject("a/b~c", UUID.class));
        assertEquals(row.list == null ? null : row.list.toString(), read.getString("'"));
      }
      assertEquals(false, read.next());
    }
  }

  /** The event, with its fields in an order that the row decides. */
  private static String json(Row row, long seq) throws Exception {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      List<Field> fields =
          new ArrayList<>(
              List.of(
                  () -> json.writeStringField("_t", "Sel\"ect é"),
                  () -> json.writeNumberField("seq", seq),
                  () -> write(json, "b c", row.values.b),
                  () -> write(json, "I", row.values.i),
                  () -> write(json, "select", row.values.l),
                  () -> write(json, "f", row.values.f),
                  () -> write(json, "d", row.values.d),
                  () -> write(json, "s\"q", row.values.s),
                  () ->
                      write(json, "ü", row.order % 2 == 0 ? row.values.at : seconds(row.values.at)),
                  () -> write(json, "день", row.day),
                  () -> write(json, "a/b~c", row.id),
                  () -> write(json, "'", row.list)));
      Collections.shuffle(fields, new Random(row.order));
      json.writeStartObject();
      for (Field field : fields) {
        field.write();
      }
      json.writeEndObject();
    }
    return text.toString();
  }

  private static @Nullable BigDecimal seconds(@Nullable Instant at) {
    return at == null
        ? null
        : BigDecimal.valueOf(at.getEpochSecond()).add(BigDecimal.valueOf(at.getNano(), 9));
  }

  private static void write(JsonGenerator json, String name, @Nullable Object value)
      throws Exception {
    json.writeFieldName(name);
    if (value == null) {
      json.writeNull();
    } else if (value instanceof Boolean b) {
      json.writeBoolean(b);
    } else if (value instanceof Number n) {
      json.writeNumber(n.toString());
    } else if (value instanceof List<?> list) {
      json.writeRawValue(list.toString());
    } else {
      json.writeString(value.toString());
    }
  }

  private interface Field {
    void write() throws Exception;
  }
}
