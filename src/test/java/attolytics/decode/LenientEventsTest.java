package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.Budget;
import attolytics.encoding.CopyBuffer;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Source;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests whose invalid events are put into quarantine. */
class LenientEventsTest {
  private static final Table TABLE =
      new Table(
          "t",
          0,
          List.of(
              new Column("n", ScalarType.I32, null, Index.NONE, true, 0),
              new Column("agent", ScalarType.STRING, "User-Agent", Index.NONE, false, 1)));
  private static final App APP =
      new App("a", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, List.of(TABLE));
  private static final Arrival ARRIVAL =
      new Arrival(Instant.parse("2000-01-01T00:00:01Z"), "the key");

  private static final int MANY = 2_000;
  private static final int LONG_AGENT = 10_000;

  private final Batch batch = new Batch(1 << 16);

  private Decoded decode(String events) {
    return decode(events, batch);
  }

  private static Decoded decode(String events, Batch into) {
    byte[] body =
        ("{\"secret_key\":\"k\",\"events\":" + events + "}").getBytes(StandardCharsets.UTF_8);
    Headers headers = name -> name.equalsIgnoreCase("user-agent") ? "tests" : null;
    return new Decoder().decodeLeniently(APP, body, body.length, headers, into, ARRIVAL);
  }

  /** Until its key is known, a client does not get more memory than its request is worth. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"events\":[%s]}",
        "{\"events\":[%s],\"secret_key\":\"wrong\"}",
        "{\"events\":[%s],\"secret_key\":1}"
      })
  void eventsBeforeAnyKey_takeLittleMemory(String body) {
    for (String event : List.of("0", "{\"_t\":\"t\",\"n\":1}")) {
      Batch into = new Batch(1 << 30);
      byte[] bytes = many(body, event);
      Decoded decoded = decodeWithLongAgent(bytes, into, false);
      assertEquals(MANY, decoded.events());
      int most = (64 << 10) + 4 * bytes.length + 2 * LONG_AGENT;
      assertTrue(into.byteCount() < most, into.byteCount() + " bytes");
    }
  }

  @Test
  void eventsBeforeTheRightKey_areDecodedLikeThoseBehindIt() {
    for (String event : List.of("0", "{\"_t\":\"t\",\"n\":1}")) {
      Batch before = new Batch(1 << 30);
      byte[] keyFirst = many("{\"secret_key\":\"k\",\"events\":[%s]}", event);
      String expected = answer(decodeWithLongAgent(keyFirst, before, false));
      byte[] keyLast = many("{\"events\":[%s],\"secret_key\":\"k\"}", event);
      byte[] keyInHeader = many("{\"events\":[%s]}", event);
      for (boolean isShown : new boolean[] {false, true}) {
        Batch behind = new Batch(1 << 30);
        Decoded decoded = decodeWithLongAgent(isShown ? keyInHeader : keyLast, behind, isShown);
        assertEquals(expected, answer(decoded));
        assertEquals(MANY, behind.rowCount());
        assertArrayEquals(rows(before), rows(behind));
      }
    }
  }

  private static byte[] many(String body, String event) {
    return body.formatted(event + ("," + event).repeat(MANY - 1)).getBytes(StandardCharsets.UTF_8);
  }

  private static Decoded decodeWithLongAgent(byte[] body, Batch into, boolean keyShown) {
    Headers headers = name -> name.equalsIgnoreCase("user-agent") ? "x".repeat(LONG_AGENT) : null;
    return new Decoder().decodeLeniently(APP, body, body.length, headers, into, ARRIVAL, keyShown);
  }

  private static String answer(Decoded decoded) {
    return Objects.requireNonNull(decoded.lenient()).answer(0);
  }

  private static byte[] rows(Batch batch) {
    return Arrays.copyOf(batch.rows().array(), batch.byteCount());
  }

  /** The headers that are looked up for a request to an app of many tables. */
  private static List<String> lookedUp(String body) {
    List<Table> tables = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      List<Column> columns =
          List.of(
              new Column("n", ScalarType.I32, null, Index.NONE, true, 0),
              new Column("a", ScalarType.STRING, i < 5 ? "Agent" : "agent", Index.NONE, false, 1),
              new Column(
                  "ip",
                  ScalarType.INET,
                  "ip",
                  null,
                  Source.CLIENT_IP,
                  null,
                  false,
                  Index.NONE,
                  false,
                  2));
      tables.add(new Table("t" + i, i, columns));
    }
    App app = new App("a", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, tables);
    List<String> names = new ArrayList<>();
    Headers headers =
        name -> {
          names.add(name);
          return null;
        };
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    new Decoder().decodeLeniently(app, bytes, bytes.length, headers, new Batch(1 << 16), ARRIVAL);
    return names;
  }

  /** So that clients without the secret key cannot keep an IO thread busy by many tables. */
  @Test
  void headers_areLookedUpOnce_andOnlyIfTheyAreNeeded() {
    assertEquals(List.of(), lookedUp("{}"));
    assertEquals(List.of(), lookedUp("{\"secret_key\":\"wrong\",\"events\":[7,7]}"));
    List<String> all = List.of(Quarantine.CLIENT_IP, "agent");
    assertEquals(all, lookedUp("{\"secret_key\":\"k\",\"events\":[7,7]}"));
    assertEquals(all, lookedUp("{\"secret_key\":\"k\",\"events\":[]}")); // a writer may need them
  }

  private List<String> tables() {
    List<String> tables = new ArrayList<>();
    for (int run = 0; run < batch.runCount(); run++) {
      for (int i = 0; i < batch.runRows(run); i++) {
        tables.add(batch.runTable(run).name());
      }
    }
    return tables;
  }

  /** The fields of a row, as text. */
  private List<@Nullable String> row(int index) {
    ByteBuffer rows = ByteBuffer.wrap(batch.rows().array(), 0, batch.rows().size());
    for (int i = 0; i < index; i++) {
      rows.position(rows.position() + CopyBuffer.rowBytes(rows.array(), rows.position()));
    }
    List<@Nullable String> fields = new ArrayList<>();
    for (int field = rows.getShort(); field > 0; field--) {
      int length = rows.getInt();
      byte[] bytes = new byte[Math.max(length, 0)];
      rows.get(bytes);
      fields.add(length < 0 ? null : new String(bytes, StandardCharsets.UTF_8));
    }
    return fields;
  }

  private static Map<String, Integer> byCode(LenientEvents events) {
    Map<String, Integer> counts = new TreeMap<>();
    events.forEachCode(counts::put);
    return counts;
  }

  @Test
  void invalidEvents_goIntoQuarantineWhereTheyStand() {
    Decoded decoded =
        decode(
            "[{\"_t\":\"t\",\"n\":1}, {\"_t\":\"t\",\"n\":\"x\", \"m\":1} ,7,"
                + "{\"_t\":\"u\",\"n\":1},{\"n\":1},{\"_t\":\"t\",\"n\":2}]");
    assertNull(decoded.unknownTable());
    assertEquals(
        List.of("t", Quarantine.NAME, Quarantine.NAME, Quarantine.NAME, Quarantine.NAME, "t"),
        tables());
    List<@Nullable String> row = row(1);
    assertEquals("a", row.get(1));
    assertEquals("t", row.get(2));
    assertEquals("unknown_field", row.get(3)); // the first of its errors
    assertEquals("/m", row.get(4));
    assertEquals("{\"_t\":\"t\",\"n\":\"x\", \"m\":1}", row.get(6));
    assertEquals("\u0001{\"user-agent\":\"tests\"}", row.get(7));
    assertEquals("the key", row.get(8));
    assertEquals(List.of("not_an_event", "", "7"), parts(row(2)));
    assertEquals(List.of("unknown_table", "/_t", "{\"_t\":\"u\",\"n\":1}"), parts(row(3)));
    assertEquals("u", row(3).get(2));
    assertEquals(List.of("not_an_event", "/_t", "{\"n\":1}"), parts(row(4)));
    assertNull(row(4).get(2));
    LenientEvents events = Objects.requireNonNull(decoded.lenient());
    assertEquals(Map.of("not_an_event", 2, "unknown_field", 1, "unknown_table", 1), byCode(events));
    assertTrue(
        events
            .answer(0)
            .startsWith("{\"stored\":2,\"duplicates\":0,\"quarantined\":4,\"errors\":["),
        () -> events.answer(0));
    assertEquals(5, decoded.errors().size()); // of one event both
  }

  @Test
  void tableOfAnEventThatWasCutOff_isNotThatOfTheNext() {
    Decoder decoder = new Decoder();
    for (String events : List.of("[{\"_t\":\"t\",\"n\":", "[7,{\"n\":1}]")) {
      byte[] body =
          ("{\"secret_key\":\"k\",\"events\":" + events + "}").getBytes(StandardCharsets.UTF_8);
      batch.clear();
      decoder.decodeLeniently(APP, body, body.length, name -> null, batch, ARRIVAL);
    }
    assertEquals(2, batch.rowCount());
    assertNull(row(0).get(2));
    assertNull(row(1).get(2));
  }

  private static List<@Nullable String> parts(List<@Nullable String> row) {
    return Arrays.asList(row.get(3), row.get(4), row.get(6));
  }

  @Test
  void moreInvalidEventsThanErrors_allGoIntoQuarantine() {
    String events = "[" + "{\"_t\":\"t\"},".repeat(249) + "{\"_t\":\"t\",\"n\":1}]";
    Decoded decoded = decode(events);
    assertEquals(100, decoded.errors().size());
    assertEquals(249, Objects.requireNonNull(decoded.lenient()).quarantined());
    assertEquals(250, batch.rowCount());
  }

  private static List<Integer> named(List<EventError> errors) {
    return errors.stream().map(EventError::event).distinct().toList();
  }

  @Test
  void eventsWithTwoErrors_takeNoPlacesThatOthersNeed() {
    String twice = "{\"_t\":\"t\",\"m\":1}";
    for (int events : new int[] {49, 50, 51, 75, 99, 100, 101, 300}) {
      String all = "[" + (twice + ",").repeat(events - 1) + twice + "]";
      Decoded decoded = decode(all, new Batch(1 << 20));
      List<Integer> expected =
          IntStream.range(0, Math.min(events, Decoded.MAX_ERRORS)).boxed().toList();
      assertEquals(expected, named(decoded.errors()));
      assertEquals(Math.min(2 * events, Decoded.MAX_ERRORS), decoded.errors().size());
    }
  }

  @Test
  void eventsThatTheDatabaseRefuses_areNamedBesideThoseWithTwoErrors() {
    String valid = "{\"_t\":\"t\",\"n\":1},";
    String twice = "{\"_t\":\"t\",\"m\":1}";
    String all = valid.repeat(3) + (twice + ",").repeat(96) + twice;
    LenientEvents events = Objects.requireNonNull(decode("[" + all + "]").lenient());
    for (int event = 0; event < 3; event++) {
      assertTrue(events.quarantine(event, "conflict", "no"));
    }
    String answer = events.answer(0);
    for (int event = 0; event < 100; event++) {
      assertTrue(answer.contains("{\"event\":" + event + ","), answer);
    }
    assertEquals(101, answer.split("\"event\":", -1).length);
  }

  @Test
  void wrongShape_isNoMatterOfEvents() {
    assertEquals("events must be an array", decode("{}").invalidShape());
    assertNull(batch.lenient());
  }

  @Test
  void eventThatTheDatabaseRefuses_replacesItsRow() {
    LenientEvents events =
        Objects.requireNonNull(
            decode("[{\"_t\":\"t\",\"n\":1},{\"_t\":\"t\",\"n\":2},{\"_t\":\"t\"}]").lenient());
    assertSame(events, batch.lenient());
    assertTrue(events.quarantine(1, "conflict", "it is there"));
    assertEquals(List.of("t", Quarantine.NAME, Quarantine.NAME), tables());
    assertEquals(List.of("conflict", "", "{\"_t\":\"t\",\"n\":2}"), parts(row(1)));
    assertEquals("it is there", row(1).get(5));
    assertEquals("t", row(1).get(2));
    assertEquals(
        "{\"stored\":1,\"duplicates\":0,\"quarantined\":2,\"errors\":[{\"event\":1,\"pointer\":\"/events/1\",\"code\":\"conflict\",\"detail\":\"it"
            + " is there\"},"
            + "{\"event\":2,\"pointer\":\"/events/2/n\",\"code\":\"missing_field\",\"detail\":\"n"
            + " of table t is required\"}]}",
        events.answer(0));
  }

  @Test
  void manyThatTheDatabaseRefuses_refuseTheRequest() {
    String event = "{\"_t\":\"t\",\"n\":1}";
    LenientEvents events =
        Objects.requireNonNull(decode("[" + (event + ",").repeat(101) + event + "]").lenient());
    for (int i = 0; i < LenientEvents.MAX_REFUSED_ROWS; i++) {
      assertTrue(events.quarantine(i, "conflict", "no"));
    }
    assertFalse(events.quarantine(100, "conflict", "no"));
  }

  @Test
  void eventThatTheDatabaseRefuses_isOfItsTable_behindOthersInQuarantine() {
    LenientEvents events =
        Objects.requireNonNull(
            decode("[{\"_t\":\"t\",\"n\":1},7,{\"_t\":\"t\",\"n\":2}]").lenient());
    assertTrue(events.quarantine(2, "conflict", "no"));
    assertEquals("t", row(2).get(2));
  }

  @Test
  void errorsOfAHundredEvents_leaveNoPlaceForAnotherOne() {
    String all = "7,".repeat(100) + "{\"_t\":\"t\",\"n\":1}";
    LenientEvents events = Objects.requireNonNull(decode("[" + all + "]").lenient());
    assertTrue(events.quarantine(100, "conflict", "no"));
    assertEquals(101, events.answer(0).split("\"event\":", -1).length);
    assertFalse(events.answer(0).contains("conflict"));
  }

  @Test
  void answer_countsDuplicatesApart() {
    String three = "[{\"_t\":\"t\",\"n\":1},{\"_t\":\"t\",\"n\":2},{\"_t\":\"t\",\"n\":3}]";
    assertEquals(
        "{\"stored\":2,\"duplicates\":1,\"quarantined\":0,\"errors\":[]}",
        Objects.requireNonNull(decode(three).lenient()).answer(1));
  }

  @Test
  void placesOfEvents_areChargedToTheBudget() {
    Budget budget = new Budget(1 << 20);
    Batch charged = new Batch(1 << 18, 1 << 20, budget);
    assertTrue(charged.reserve(0));
    long before = budget.used();
    String event = "{\"_t\":\"t\",\"n\":1}";
    assertNotNull(decode("[" + (event + ",").repeat(999) + event + "]", charged).lenient());
    int least = 1000 * (event.length() + 2 * Integer.BYTES);
    assertTrue(budget.used() - before >= least, () -> "only " + (budget.used() - before));
  }

  @Test
  void errors_areChargedToTheBudget() {
    Budget budget = new Budget(1 << 20);
    Batch charged = new Batch(1 << 16, 1 << 20, budget);
    assertTrue(charged.reserve(0));
    long before = budget.used();
    assertNotNull(decode("[" + "7,".repeat(99) + "7]", charged).lenient());
    assertTrue(budget.used() - before >= 100 * 128, () -> "only " + (budget.used() - before));
  }

  @Test
  void headers_areChargedToTheBudget() {
    Budget budget = new Budget(1 << 20);
    Batch charged = new Batch(1 << 16, 1 << 20, budget);
    assertTrue(charged.reserve(0));
    long before = budget.used();
    byte[] body = "{\"secret_key\":\"k\",\"events\":[]}".getBytes(StandardCharsets.UTF_8);
    String agent = "x".repeat(10_000);
    new Decoder().decodeLeniently(APP, body, body.length, name -> agent, charged, ARRIVAL);
    assertTrue(budget.used() - before >= 10_000, () -> "only " + (budget.used() - before));
  }

  @Test
  void textsOfEvents_areChargedToTheBudget() {
    Budget budget = new Budget(1 << 20);
    Batch charged = new Batch(1 << 10, 1 << 20, budget);
    assertTrue(charged.reserve(0));
    long before = budget.used();
    String padding = " ".repeat(10_000);
    assertNotNull(decode("[" + padding + "{\"_t\":\"t\",\"n\":1}]", charged).lenient());
    assertTrue(budget.used() - before >= 10_000, () -> "only " + (budget.used() - before));
    charged.release();
    assertEquals(0, budget.used());
    assertNull(charged.lenient());
  }
}
