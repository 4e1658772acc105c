package attolytics.torture;

import attolytics.torture.Request.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A request in the making. */
final class Draft {
  /** An event of the table whose events are stored once, to be sent again. */
  record Repeatable(Event event, String json) {}

  /** Invalid whatever the schema file says, and why. */
  private static final List<String> INVALID =
      List.of("type_mismatch", "out_of_range", "unknown_field", "duplicate_field");

  private final long id;
  private final Random random;
  private final long[] events = new long[Database.TABLES.size()];
  private final long[] correctable = new long[Database.TABLES.size()];
  private final List<Event> repeats = new ArrayList<>(0);
  private final List<Event> sent = new ArrayList<>();
  private final List<Repeatable> repeatable = new ArrayList<>(0);
  private final StringBuilder json = new StringBuilder();
  private long hopeless;
  private String secretKey = Database.SECRET_KEY;
  private String name = "events";
  private int count;

  Draft(long id, Random random) {
    this.id = id;
    this.random = random;
  }

  void secretKey(String wrong) {
    secretKey = wrong;
  }

  /** What the array of events is called. */
  void name(String wrong) {
    name = wrong;
  }

  /** Whether its events have as many numbers as there can be. */
  boolean isFull() {
    return count == Long.SIZE;
  }

  /**
   * Adds an event that says whose it is.
   *
   * @param more fields, or empty
   */
  void event(int table, String more) {
    if (!isFull()) {
      events[table] |= 1L << count;
      addOwn(table, null, false, fields(table, more));
    }
  }

  /** Adds an event with a field that only the corrected schema file has. */
  void correctable(int table) {
    if (!isFull()) {
      correctable[table] |= 1L << count;
      String more = "\"" + Database.CORRECTED_COLUMN + "\":\"x\"";
      addOwn(table, "unknown_field", true, fields(table, more));
    }
  }

  /** Adds an event that is invalid, or that the database refuses. */
  void hopeless(int table) {
    if (isFull()) {
      return;
    }
    hopeless |= 1L << count;
    switch (random.nextInt(4)) {
      case 0 -> noRow();
      case 1, 2 -> {
        String code = INVALID.get(random.nextInt(INVALID.size()));
        String more =
            switch (code) {
              case "type_mismatch" -> "\"n\":\"a string\"";
              case "out_of_range" -> "\"n\":3000000000";
              case "unknown_field" -> "\"nothing\":1";
              default -> "\"n\":1,\"n\":2";
            };
        addOwn(Event.NO_TABLE, code, false, fields(table, more));
      }
      default -> refusedByDatabase(table);
    }
  }

  private void noRow() {
    String whose = "\"request\":" + id + ",\"event\":" + count;
    switch (random.nextInt(3)) {
      case 0 ->
          addOwn(Event.NO_TABLE, "unknown_table", false, "{\"_t\":\"foreign\"," + whose + "}");
      case 1 -> addOwn(Event.NO_TABLE, "not_an_event", false, "{" + whose + "}");
      default ->
          addOwn(Event.NO_TABLE, "not_an_event", false, "\"" + Database.stray(id, count) + "\"");
    }
  }

  private void refusedByDatabase(int table) {
    int plain = Database.isPartitioned(table) ? 0 : table;
    switch (random.nextInt(4)) {
      case 0 -> addRefused(table, "refused_by_database", "\"n\":-1");
      case 1 -> addRefused(table, "refused_by_database", Database.TOO_LONG);
      case 2 -> addRefused(table, "refused_by_database", "\"mood\":\"raise\"");
      default -> addRefused(plain, "conflict", "\"uniq\":\"" + Database.TAKEN + "\"");
    }
  }

  private void addRefused(int table, String code, String more) {
    addOwn(table, code, false, fields(table, more));
  }

  /** Adds an event that was sent before, or that this request has already. */
  void repeat(Repeatable again) {
    repeats.add(again.event());
    add(again.event(), again.json());
  }

  /** Adds what is no event. */
  void add(String text) {
    json.append(json.isEmpty() ? "" : ",").append(text);
  }

  private void add(Event event, String text) {
    sent.add(event);
    add(text);
  }

  private void addOwn(int table, @Nullable String code, boolean canBeCorrected, String text) {
    Event event = new Event(id, count++, table, code, canBeCorrected);
    add(event, text);
    if (table == Database.DEDUPLICATED && !event.isHopeless()) {
      repeatable.add(new Repeatable(event, text));
    }
  }

  private String fields(int table, String more) {
    return "{\"_t\":\""
        + Database.TABLES.get(table)
        + "\",\"request\":"
        + id
        + ",\"event\":"
        + count
        + (more.contains("\"note\"") ? "" : ",\"note\":\"note " + random.nextInt(1000) + "\"")
        + (more.isEmpty() ? "" : "," + more)
        + (more.contains("\"n\"") ? "" : ",\"n\":" + random.nextInt(Database.MAX_N))
        + "}";
  }

  /** Those of its own events that may be sent again, in other requests or in this one. */
  List<Repeatable> repeatable() {
    return repeatable;
  }

  Request request(
      Kind kind, Handling handling, @Nullable String key, int refusal, @Nullable Request rival) {
    String body = "{\"secret_key\":\"" + secretKey + "\",\"" + name + "\":[" + json + "]}";
    return new Request(
        id,
        kind,
        handling,
        key,
        refusal,
        new Payload(
            events, correctable, hopeless, repeats, handling.isLenient() ? sent : List.of()),
        body.getBytes(StandardCharsets.UTF_8),
        rival);
  }
}
