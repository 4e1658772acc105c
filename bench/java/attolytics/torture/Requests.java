package attolytics.torture;

import attolytics.torture.Request.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Makes requests up, by a client's dice. Used by one thread; the ledger is shared. */
final class Requests {
  /** All requests of a run. Thread-safe. */
  static final class Ledger {
    private final AtomicLong lastId = new AtomicLong();
    private final Map<Long, Request> requests = new ConcurrentHashMap<>();

    private Request add(Request request) {
      requests.put(request.id(), request);
      return request;
    }

    Map<Long, Request> requests() {
      return requests;
    }
  }

  static final String APP = "torture";
  static final String SECRET_KEY = "sesame";

  private static final int FLOOD_EVENTS = 30;
  private static final String FLOOD_PAD = "flood ".repeat(3_500);

  /**
   * What a row's trigger may raise, or a foreign table pass on, as well as a server that is in
   * trouble or a row that is locked.
   */
  private static final List<String> SQLSTATES =
      List.of(
          "08001", "08006", "25006", "26000", "28000", "3D000", "40001", "40P01", "53100", "53300",
          "53400", "55P03", "57014", "57P01", "57P03", "XX000");

  /** In seconds: longer than any answer may take. */
  private static final int FOR_EVER = 60;

  /** Of which a set of bits has to hold the numbers. */
  private static final int MAX_EVENTS = 50;

  private final Ledger ledger;
  private final Random random;
  private final boolean keys;
  private final String run;

  /**
   * @param keys whether to send keys at all
   * @param run what the keys of this run begin with
   */
  Requests(Ledger ledger, Random random, boolean keys, String run) {
    this.ledger = ledger;
    this.random = random;
    this.keys = keys;
    this.run = run;
  }

  /**
   * The next one, of any kind that stands by itself; one of a pair of rivals comes with its rival.
   */
  Request next() {
    int dice = random.nextInt(100);
    if (dice < 8) {
      return poison();
    }
    if (dice < 11) {
      return invalid();
    }
    if (dice < 12) {
      return good(Kind.HALF, null, null);
    }
    if (dice < 17) {
      return good(Kind.LEAVING, newKey(), null);
    }
    if (!keys || dice < 32) {
      return good(Kind.KEYLESS, null, null);
    }
    if (dice < 38) {
      return good(Kind.TWICE, newKey(), null);
    }
    if (dice < 41) {
      String key = newKey();
      return good(Kind.RIVAL, key, good(Kind.RIVAL, key, null));
    }
    return good(Kind.KEYED, newKey(), null);
  }

  /** A good one under a key that a refused request had. */
  Request under(@Nullable String key) {
    return good(Kind.KEYED, key, null);
  }

  /** Another body under the key of one that is stored. */
  Request otherBody(Request stored) {
    Draft draft = new Draft();
    events(draft);
    return ledger.add(draft.request(Kind.OTHER_BODY, stored.key(), 422, null));
  }

  /** A good one that is as large as requests are at most. */
  Request flood() {
    Draft draft = new Draft();
    int table = random.nextInt(Database.TABLES.size());
    for (int i = 0; i < FLOOD_EVENTS; i++) {
      draft.event(table, "\"pad\":\"" + FLOOD_PAD + "\"");
    }
    return ledger.add(draft.request(Kind.FLOOD, newKey(), 0, null));
  }

  /** Under a key that is about to be held by another session. */
  Request heldKey() {
    return good(Kind.HELD_KEY, newKey(), null);
  }

  /** To be sent to both instances at once. */
  Request twice() {
    return good(Kind.TWICE, newKey(), null);
  }

  /**
   * Good events, and between them one whose trigger raises what other troubles do.
   *
   * @param atCommit whether it does so at the COMMIT
   */
  Request deceptive(boolean atCommit) {
    String sqlState = SQLSTATES.get(random.nextInt(SQLSTATES.size()));
    return deceptive((atCommit ? "defer " : "raise ") + sqlState, random.nextBoolean());
  }

  /** Good events, and between them one whose trigger takes its time, and refuses it. */
  Request slow(boolean atCommit) {
    double seconds = random.nextBoolean() ? FOR_EVER : random.nextDouble();
    String mood = (atCommit ? "put_off" : "doze") + String.format(Locale.ROOT, " %.3f", seconds);
    // A row that sleeps may still hold the key when its request is answered.
    return deceptive(mood, false);
  }

  private Request deceptive(String mood, boolean keyed) {
    Draft draft = new Draft();
    events(draft);
    draft.event(random.nextInt(Database.TABLES.size()), "\"mood\":\"" + mood + "\"");
    events(draft);
    return ledger.add(
        draft.request(Kind.DECEPTIVE, keyed ? newKey() : null, Request.ANY_REFUSAL, null));
  }

  private Request good(Kind kind, @Nullable String key, @Nullable Request rival) {
    Draft draft = new Draft();
    events(draft);
    return ledger.add(draft.request(kind, key, 0, rival));
  }

  private @Nullable String newKey() {
    return keys ? run + "-" + Long.toHexString(random.nextLong()) : null;
  }

  private void events(Draft draft) {
    int size = random.nextInt(100);
    int count =
        size < 50
            ? 1 + random.nextInt(3)
            : size < 85 ? 4 + random.nextInt(7) : 11 + random.nextInt(MAX_EVENTS - 10);
    int tables = 1 + random.nextInt(Database.TABLES.size());
    int first = random.nextInt(Database.TABLES.size());
    for (int i = 0; i < count; i++) {
      draft.event((first + random.nextInt(tables)) % Database.TABLES.size(), "");
    }
  }

  /** Good events, and a bad one anywhere between them. */
  Request poison() {
    Draft draft = new Draft();
    events(draft);
    // Tables that are partitioned have no unique constraint here.
    int table = random.nextInt(Database.TABLES.size());
    int plain = random.nextInt(Database.PARTITIONED);
    int refusal = 400;
    switch (random.nextInt(6)) {
      case 0 -> draft.event(table, "\"n\":-1"); // a CHECK, or no partition
      case 1 -> draft.event(table, "\"note\":\"" + "long".repeat(15) + "\""); // VARCHAR(40)
      case 2 -> draft.event(table, "\"mood\":\"raise\""); // a trigger
      case 3 -> draft.event(table, "\"mood\":\"defer\""); // a trigger at the COMMIT
      case 4 -> {
        draft.event(plain, "\"uniq\":\"" + Database.TAKEN + "\"");
        refusal = 409;
      }
      default -> {
        String own = "\"uniq\":\"" + Long.toHexString(random.nextLong()) + "\"";
        draft.event(plain, own);
        draft.event(plain, own);
        refusal = 409;
      }
    }
    if (random.nextBoolean()) {
      events(draft);
    }
    String key = random.nextBoolean() ? newKey() : null;
    return ledger.add(draft.request(Kind.POISON, key, refusal, null));
  }

  private Request invalid() {
    Draft draft = new Draft();
    events(draft);
    int refusal;
    switch (random.nextInt(6)) {
      case 0 -> {
        draft.secretKey = "wrong";
        refusal = 403;
      }
      case 1 -> {
        draft.add("{\"_t\":\"foreign\",\"request\":1}");
        refusal = 404;
      }
      case 2 -> {
        draft.event(0, "\"n\":\"a string\"");
        refusal = 400;
      }
      case 3 -> {
        draft.event(0, "\"nothing\":1");
        refusal = 400;
      }
      case 4 -> {
        draft.add("{\"_t\":");
        refusal = 400;
      }
      default -> {
        draft.name = "occurrences";
        refusal = 422;
      }
    }
    return ledger.add(draft.request(Kind.INVALID, newKey(), refusal, null));
  }

  /** A request in the making. */
  private final class Draft {
    private final long id = ledger.lastId.incrementAndGet();
    private final long[] events = new long[Database.TABLES.size()];
    private final StringBuilder json = new StringBuilder();
    private String secretKey = SECRET_KEY;
    private String name = "events";
    private int count;

    /**
     * Adds an event that says whose it is.
     *
     * @param more fields, or empty
     */
    void event(int table, String more) {
      if (count == Long.SIZE) {
        return;
      }
      events[table] |= 1L << count;
      boolean noteGiven = more.contains("\"note\"");
      add(
          "{\"_t\":\""
              + Database.TABLES.get(table)
              + "\",\"request\":"
              + id
              + ",\"event\":"
              + count++
              + (noteGiven ? "" : ",\"note\":\"note " + random.nextInt(1000) + "\"")
              + (more.isEmpty() ? "" : "," + more)
              + (more.contains("\"n\"") ? "" : ",\"n\":" + random.nextInt(Database.MAX_N))
              + "}");
    }

    void add(String event) {
      json.append(json.isEmpty() ? "" : ",").append(event);
    }

    Request request(Kind kind, @Nullable String key, int refusal, @Nullable Request rival) {
      String body = "{\"secret_key\":\"" + secretKey + "\",\"" + name + "\":[" + json + "]}";
      return new Request(
          id, kind, key, refusal, events, body.getBytes(StandardCharsets.UTF_8), rival);
    }
  }
}
