package attolytics.torture;

import attolytics.torture.Draft.Repeatable;
import attolytics.torture.Request.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Makes up requests at random. Used by one thread; the ledger is shared. Longer than other files
 * because each kind of request has a method.
 */
final class Requests {
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

  private static final int MAX_EVENTS = 50;

  /** Of a request that is handled leniently. */
  private static final int MAX_INVALID = 4;

  private static final int MAX_REPEATS = 5;
  private static final int DEFERRED_PERCENT = 4;

  /** Events that may be sent again. */
  private static final int REMEMBERED = 40;

  private final Ledger ledger;
  private final Random random;
  private final boolean keys;
  private final String run;
  private final Deque<Repeatable> repeatable = new ArrayDeque<>();

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
      return usual(Kind.LEAVING, newKey());
    }
    if (!keys || dice < 32) {
      return usual(Kind.KEYLESS, null);
    }
    if (dice < 38) {
      return usual(Kind.TWICE, newKey());
    }
    if (dice < 41) {
      String key = newKey();
      return good(Kind.RIVAL, key, good(Kind.RIVAL, key, null));
    }
    return usual(Kind.KEYED, newKey());
  }

  /** A good one, or one that is handled leniently and not all good; some events are repeats. */
  private Request usual(Kind kind, @Nullable String key) {
    Handling handling = handling();
    Draft draft = draft();
    events(draft);
    if (handling.isLenient()) {
      for (int i = random.nextInt(MAX_INVALID + 1); i > 0; i--) {
        invalid(draft);
      }
      if (random.nextInt(100) < DEFERRED_PERCENT) {
        // Refuses the whole request, as it does only at the COMMIT.
        draft.event(random.nextInt(Database.TABLES.size()), "\"mood\":\"defer\"");
        return ledger.add(draft.request(kind, handling, key, 400, null));
      }
    }
    repeat(draft, handling);
    if (random.nextBoolean()) {
      events(draft);
    }
    draft.repeatable().forEach(this::remember);
    return ledger.add(draft.request(kind, handling, key, 0, null));
  }

  private Handling handling() {
    int dice = random.nextInt(100);
    if (dice < 70) {
      return dice < 7 ? Handling.STRICT_PREFERRED : Handling.STRICT;
    }
    return dice < 85 ? Handling.LENIENT : Handling.LENIENT_PREFERRED;
  }

  private void invalid(Draft draft) {
    int table = random.nextInt(Database.TABLES.size());
    if (random.nextBoolean()) {
      draft.correctable(table);
    } else {
      draft.hopeless(table);
    }
  }

  /** Adds events of other requests, and of its own. */
  private void repeat(Draft draft, Handling handling) {
    if (random.nextInt(3) > 0) {
      return; // so that tables are often without any
    }
    List<Repeatable> all = new ArrayList<>(draft.repeatable());
    all.addAll(repeatable);
    if (!handling.isLenient()) {
      all.removeIf(each -> each.event().code() != null);
    }
    for (int i = random.nextInt(MAX_REPEATS + 1); i > 0 && !all.isEmpty(); i--) {
      draft.repeat(all.get(random.nextInt(all.size())));
    }
  }

  private void remember(Repeatable event) {
    repeatable.addLast(event);
    if (repeatable.size() > REMEMBERED) {
      repeatable.removeFirst();
    }
  }

  /**
   * Another one that has some events of the first, and is to be sent at the same time.
   *
   * @return null if the first has none that may be repeated
   */
  @Nullable Request sharing(Request first) {
    List<Repeatable> shared =
        repeatable.stream().filter(each -> each.event().request() == first.id()).toList();
    if (shared.isEmpty()) {
      return null;
    }
    Draft draft = draft();
    events(draft);
    shared.forEach(draft::repeat);
    Handling handling = random.nextBoolean() ? Handling.LENIENT : Handling.LENIENT_PREFERRED;
    return ledger.add(draft.request(Kind.KEYED, handling, newKey(), 0, null));
  }

  /** Has an invalid event, and is to be refused while the quarantine is full. */
  Request probe(Handling handling) {
    Draft draft = draft();
    draft.hopeless(random.nextInt(Database.TABLES.size()));
    return ledger.add(draft.request(Kind.PROBE, handling, newKey(), 0, null));
  }

  private Draft draft() {
    return new Draft(ledger.nextId(), random);
  }

  /** A good one under a key that a refused request had. */
  Request under(@Nullable String key) {
    return good(Kind.KEYED, key, null);
  }

  /** Another body under the key of one that is stored. */
  Request otherBody(Request stored) {
    Draft draft = draft();
    events(draft);
    return ledger.add(draft.request(Kind.OTHER_BODY, stored.handling(), stored.key(), 422, null));
  }

  /** A good one that is as large as requests are at most. */
  Request flood() {
    Draft draft = draft();
    int table = random.nextInt(Database.TABLES.size());
    for (int i = 0; i < FLOOD_EVENTS; i++) {
      draft.event(table, "\"pad\":\"" + FLOOD_PAD + "\"");
    }
    return ledger.add(draft.request(Kind.FLOOD, Handling.STRICT, newKey(), 0, null));
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
    Draft draft = draft();
    events(draft);
    draft.event(random.nextInt(Database.TABLES.size()), "\"mood\":\"" + mood + "\"");
    events(draft);
    return ledger.add(
        draft.request(
            Kind.DECEPTIVE, Handling.STRICT, keyed ? newKey() : null, Request.ANY_REFUSAL, null));
  }

  private Request good(Kind kind, @Nullable String key, @Nullable Request rival) {
    Draft draft = draft();
    events(draft);
    return ledger.add(draft.request(kind, Handling.STRICT, key, 0, rival));
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
    Draft draft = draft();
    events(draft);
    // Tables that are partitioned have no unique constraint here.
    int table = random.nextInt(Database.TABLES.size());
    int plain = Database.plain(random);
    int refusal = 400;
    switch (random.nextInt(6)) {
      case 0 -> draft.event(table, "\"n\":-1"); // a CHECK, or no partition
      case 1 -> draft.event(table, Database.TOO_LONG); // VARCHAR(40)
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
    return ledger.add(draft.request(Kind.POISON, Handling.STRICT, key, refusal, null));
  }

  private Request invalid() {
    Draft draft = draft();
    events(draft);
    int refusal;
    switch (random.nextInt(6)) {
      case 0 -> {
        draft.secretKey("wrong");
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
        draft.name("occurrences");
        refusal = 422;
      }
    }
    return ledger.add(draft.request(Kind.INVALID, Handling.STRICT, newKey(), refusal, null));
  }
}
