package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/**
 * Whatever events a request has, each of them is stored, left out as a duplicate, in quarantine, or
 * refused with its request: in the answer, in the database and in the metrics.
 */
class EventCountsIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns: [{name: id, type: i64, required: true}, {name: n, type: i32}, {name: u}]
          deduplicate_by: id
        plain:
          columns: [{name: id, type: i64, required: true}, {name: n, type: i32}]
      apps:
        a: {secret_key: sesame, tables: [t, plain]}
        q: {secret_key: sesame, tables: [t, plain], invalid_events: quarantine}
      """;

  private static final String TABLES =
      """
      CREATE TABLE t (id INT8 PRIMARY KEY, n INT4 CHECK (n <> 13), u VARCHAR UNIQUE);
      CREATE TABLE plain (id INT8, n INT4 CHECK (n <> 13));
      CREATE TABLE known (n INT4 PRIMARY KEY);
      INSERT INTO known VALUES (1);
      ALTER TABLE plain ADD FOREIGN KEY (n) REFERENCES known DEFERRABLE INITIALLY DEFERRED;
      INSERT INTO t VALUES (0, 1, 'taken');
      """;

  private static final String COUNTS =
      "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM plain) || ' '"
          + " || (SELECT count(*) FROM attolytics_quarantine)";

  private static final String DUPLICATES = "attolytics_duplicate_events_total{table=\"t\"}";

  /** More events than this that the database refuses, refuse their request. */
  private static final int MAX_REFUSED = 100;

  /** What becomes of an event that is handled leniently. */
  private enum Fate {
    STORED,
    DUPLICATE,
    QUARANTINED,
    /** In quarantine, as the database does not take its row. */
    TAKEN_OUT,
    /** Refused, together with its request. */
    REFUSED
  }

  /** {@code %d} is a number that no other event has. */
  private enum Kind {
    NEW(Fate.STORED, "{\"_t\":\"t\",\"id\":%d}"),
    NEW_IN_PLAIN(Fate.STORED, "{\"_t\":\"plain\",\"id\":%d,\"n\":1}"),
    AGAIN_IN_PLAIN(Fate.STORED, "{\"_t\":\"plain\",\"id\":0}"),
    SENT_BEFORE(Fate.DUPLICATE, "{\"_t\":\"t\",\"id\":0}"),
    TYPE_MISMATCH(Fate.QUARANTINED, "{\"_t\":\"t\",\"id\":\"%d\"}"),
    OUT_OF_RANGE(Fate.QUARANTINED, "{\"_t\":\"plain\",\"id\":%d,\"n\":3000000000}"),
    MISSING_FIELD(Fate.QUARANTINED, "{\"_t\":\"t\",\"n\":%d}"),
    UNKNOWN_FIELD(Fate.QUARANTINED, "{\"_t\":\"t\",\"id\":%d,\"m\":1}"),
    DUPLICATE_FIELD(Fate.QUARANTINED, "{\"_t\":\"t\",\"id\":%d,\"n\":1,\"n\":2}"),
    UNKNOWN_TABLE(Fate.QUARANTINED, "{\"_t\":\"x\",\"id\":%d}"),
    NO_TABLE(Fate.QUARANTINED, "{\"id\":%d}"),
    NO_OBJECT(Fate.QUARANTINED, "%d"),
    CHECK(Fate.TAKEN_OUT, "{\"_t\":\"t\",\"id\":%d,\"n\":13}"),
    CHECK_IN_PLAIN(Fate.TAKEN_OUT, "{\"_t\":\"plain\",\"id\":%d,\"n\":13}"),
    CONFLICT(Fate.TAKEN_OUT, "{\"_t\":\"t\",\"id\":%d,\"u\":\"taken\"}"),
    AT_COMMIT(Fate.REFUSED, "{\"_t\":\"plain\",\"id\":%d,\"n\":2}");

    private final Fate fate;
    private final String event;

    Kind(Fate fate, String event) {
      this.fate = fate;
      this.event = event;
    }
  }

  /** An event in a body. */
  record Sent(Kind kind, Fate fate, String json) {}

  /**
   * A request.
   *
   * @param again whether its new events stand in it twice
   */
  record Post(List<Kind> kinds, boolean byApp, boolean lenient, boolean keyed, boolean again) {
    List<Sent> events() {
      List<Sent> events = new ArrayList<>();
      for (Kind kind : kinds) {
        String json = kind.event.formatted(++lastId);
        events.add(new Sent(kind, kind.fate, json));
        if (again && kind == Kind.NEW) {
          events.add(new Sent(kind, Fate.DUPLICATE, json));
        }
      }
      return events;
    }
  }

  /** What there is of all events so far. */
  record Counts(long rows, long quarantined, long duplicates) {
    Counts plus(long stored, long invalid, long again) {
      return new Counts(rows + stored, quarantined + invalid, duplicates + again);
    }
  }

  private static @Nullable RunningService service;
  private static long lastId;

  @BeforeContainer
  static void start() throws Exception {
    service = RunningService.start(SCHEMA, TABLES);
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
  Arbitrary<Post> posts() {
    Arbitrary<Boolean> coin = Arbitraries.of(true, false);
    Arbitrary<Boolean> usually = Arbitraries.of(true, true, true, false);
    return Combinators.combine(kinds(), coin, usually, coin, coin).as(Post::new);
  }

  /** Any of them, but few that refuse the request; and now and then more than may be taken out. */
  private static Arbitrary<List<Kind>> kinds() {
    List<Kind> any = new ArrayList<>(List.of(Kind.values()));
    any.remove(Kind.AT_COMMIT);
    Arbitrary<List<Kind>> valid =
        Arbitraries.of(Kind.NEW, Kind.NEW_IN_PLAIN, Kind.SENT_BEFORE).list().ofMaxSize(40);
    Arbitrary<List<Kind>> mixed = Arbitraries.of(any).list().ofMaxSize(40);
    Arbitrary<List<Kind>> atCommit = mixed.map(kinds -> joined(kinds, Kind.AT_COMMIT, 1));
    Arbitrary<List<Kind>> tooMany =
        valid.map(kinds -> joined(kinds, Kind.CHECK_IN_PLAIN, MAX_REFUSED + 1));
    return Arbitraries.frequencyOf(
        Tuple.of(4, valid), Tuple.of(12, mixed), Tuple.of(3, atCommit), Tuple.of(1, tooMany));
  }

  private static List<Kind> joined(List<Kind> kinds, Kind more, int count) {
    List<Kind> all = new ArrayList<>(kinds);
    all.addAll(Collections.nCopies(count, more));
    return all;
  }

  @Property(tries = 60, shrinking = ShrinkingMode.BOUNDED)
  void storedDuplicatesQuarantinedAndRefused_areWhatWasSent(@ForAll("posts") Post post)
      throws Exception {
    List<Sent> events = post.events();
    long stored = count(events, Fate.STORED);
    long duplicates = count(events, Fate.DUPLICATE);
    long quarantined = count(events, Fate.QUARANTINED) + count(events, Fate.TAKEN_OUT);
    boolean refused =
        count(events, Fate.REFUSED) > 0
            || count(events, Fate.TAKEN_OUT) > MAX_REFUSED
            || (!post.lenient && quarantined > 0);
    Counts before = counts();

    HttpRequest.Builder request = request(post, events);
    HttpResponse<String> answer = service().send(request);

    if (refused) {
      assertTrue(answer.statusCode() >= 400 && answer.statusCode() < 500, answer::body);
      assertEquals(before, counts());
      return;
    }
    assertEquals(200, answer.statusCode(), answer::body);
    assertEquals(events.size(), stored + duplicates + quarantined);
    if (post.lenient) {
      assertTrue(
          answer
              .body()
              .startsWith(
                  "{\"stored\":%d,\"duplicates\":%d,\"quarantined\":%d,"
                      .formatted(stored, duplicates, quarantined)),
          answer::body);
    } else {
      assertEquals("", answer.body());
    }
    Counts after = before.plus(stored, quarantined, duplicates);
    assertEquals(after, counts());
    if (post.keyed) {
      assertEquals(answer.body(), service().send(request).body());
      assertEquals(after, counts());
    }
  }

  private static long count(List<Sent> events, Fate fate) {
    return events.stream().filter(event -> event.fate == fate).count();
  }

  private static Counts counts() throws Exception {
    String[] counts = service().query(COUNTS).split(" ", -1);
    double duplicates = service().metric(DUPLICATES);
    return new Counts(Long.parseLong(counts[0]), Long.parseLong(counts[1]), (long) duplicates);
  }

  private static HttpRequest.Builder request(Post post, List<Sent> events) {
    String body = events.stream().map(Sent::json).collect(Collectors.joining(","));
    HttpRequest.Builder request =
        service()
            .to("/apps/" + (post.byApp ? "q" : "a") + "/events")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"secret_key\":\"sesame\",\"events\":[" + body + "]}"));
    if (post.lenient != post.byApp) {
      request.header("Prefer", "handling=" + (post.lenient ? "lenient" : "strict"));
    }
    if (post.keyed) {
      request.header("Idempotency-Key", "key " + ++lastId);
    }
    return request;
  }
}
