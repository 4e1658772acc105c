package attolytics.torture;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request and all attempts to deliver it.
 *
 * <p>Thread-safe: a request may be sent to both instances at once.
 */
final class Request {
  /** What is particular about a request. */
  enum Kind {
    /** Sent with a key, and again until it is settled. */
    KEYED,
    /** Without a key: not sent again once its outcome is unknown. */
    KEYLESS,
    /** Has a row that the database refuses. */
    POISON,
    /** Is refused before any row gets to the database. */
    INVALID,
    /** To both instances at the same time, with one key. */
    TWICE,
    /** One of two with the same key and different bodies, at the same time. */
    RIVAL,
    /** Another body under a key that is used up. */
    OTHER_BODY,
    /** The client leaves before the answer, and comes again. */
    LEAVING,
    /** The client leaves in the middle of the body, for good. */
    HALF,
    /** Large, and many at once. */
    FLOOD,
    /**
     * Has a row that the database refuses as if it were in trouble itself: any refusal will do, but
     * others must not feel it.
     */
    DECEPTIVE,
    /** Another session holds the key for a while. */
    HELD_KEY,
    /** Is there to find out whether the quarantine is full: it may be refused. */
    PROBE
  }

  /** A refusal of which the status does not matter. */
  static final int ANY_REFUSAL = -1;

  private final long id;
  private final Kind kind;
  private final Handling handling;
  private final @Nullable String key;
  private final int refusal;
  private final Payload payload;
  private final @Nullable Request rival;
  private @Nullable Request rivalOf;
  private final List<Attempt> attempts = new ArrayList<>(1);
  private byte @Nullable [] body;

  /**
   * @param refusal the status that it has to get, {@link #ANY_REFUSAL}, or 0 if it is good; a
   *     {@link Kind#RIVAL} may get a 422 as well
   * @param rival the other one with the same key
   */
  Request(
      long id,
      Kind kind,
      Handling handling,
      @Nullable String key,
      int refusal,
      Payload payload,
      byte[] body,
      @Nullable Request rival) {
    this.id = id;
    this.kind = kind;
    this.handling = handling;
    this.key = key;
    this.refusal = refusal;
    this.payload = payload;
    this.body = body;
    this.rival = rival;
    if (rival != null) {
      rival.rivalOf = this;
    }
  }

  long id() {
    return id;
  }

  Kind kind() {
    return kind;
  }

  Handling handling() {
    return handling;
  }

  @Nullable String key() {
    return key;
  }

  int refusal() {
    return refusal;
  }

  Payload payload() {
    return payload;
  }

  /** The tables that it writes to and what else may be locked, as a set of bits. */
  int tables() {
    int tables = payload.tables();
    if (key != null) {
      tables |= Database.KEYS;
    }
    if (kind == Kind.HELD_KEY) {
      tables |= Database.HELD_KEYS;
    }
    return tables;
  }

  /** Whether none of it may be stored. */
  boolean isBad() {
    return refusal != 0 || kind == Kind.HALF;
  }

  boolean isLarge() {
    return kind == Kind.FLOOD;
  }

  @Nullable Request rival() {
    return rival;
  }

  /** The other request with the same key; only one of the two refers to it. */
  @Nullable Request sameKey() {
    return rival == null ? rivalOf : rival;
  }

  byte[] body() {
    byte[] bytes = body;
    if (bytes == null) {
      throw new IllegalStateException("request " + id + " is over");
    }
    return bytes;
  }

  /** It is not sent any more: its body is not needed. */
  void forgetBody() {
    body = null;
  }

  synchronized void attempted(Attempt attempt) {
    attempts.add(attempt);
  }

  boolean isAcknowledged() {
    return attempts().stream().anyMatch(attempt -> attempt.status() == 200);
  }

  /** Whether it may be stored without a word. */
  boolean isAmbiguous() {
    return attempts().stream().anyMatch(Attempt::ambiguous);
  }

  synchronized List<Attempt> attempts() {
    return List.copyOf(attempts);
  }
}
