package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonFailure;
import attolytics.encoding.JsonReader;
import attolytics.encoding.Text;
import attolytics.encoding.Utf8;
import attolytics.schema.App;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a request and encodes its events as rows. Not thread-safe: each IO thread has
 * its own.
 *
 * <pre>
 *   {"secret_key": "…", "events": [event, …]}
 * </pre>
 *
 * <p>The keys can come in any order, so errors are collected to the end of the body, and the caller
 * decides which of them the client sees. Events after a wrong {@code secret_key} are only counted.
 * {@link EventReader} reads an event.
 */
public final class Decoder {
  private static final String SECRET_KEY = "secret_key";
  private static final String EVENTS = "events";

  // Rows may be much larger than their events, by headers for example.
  private static final int BYTES_WITHOUT_KEY = 64 << 10;
  private static final int BYTES_WITHOUT_KEY_PER_BODY_BYTE = 4;

  private final JsonReader json = new JsonReader();
  private final Decoded result = new Decoded();
  private final CurrentRequest request = new CurrentRequest();
  private final EventReader reader;
  private boolean trusted; // whether the client may learn about its events
  private boolean keyShown; // whether it has shown a secret key of the app
  private long maxBytesWithoutKey; // of rows
  private boolean cutShort; // there were more, and the events behind them were only counted

  /** Uses the system clock. */
  public Decoder() {
    this(InstantSource.system());
  }

  /**
   * @param clock decides which events of partitioned tables are too old or too far ahead
   */
  public Decoder(InstantSource clock) {
    reader = new EventReader(json, result, new RowEncoders(request, result, clock));
  }

  /**
   * Decodes a body.
   *
   * @param body uncompressed; bytes 0 to {@code length}
   * @param into receives the rows; empty before the call, and complete only without errors
   * @return valid until the next call
   * @throws CopyBuffer.LimitExceededException if the rows exceed the limit of {@code into}
   */
  public Decoded decode(App app, byte[] body, int length, Headers headers, Batch into) {
    return decode(app, body, length, headers, into, false);
  }

  /**
   * Decodes a body.
   *
   * @param keyShown whether the client has shown a secret key of the app before
   */
  public Decoded decode(
      App app, byte[] body, int length, Headers headers, Batch into, boolean keyShown) {
    decode(app, body, length, headers, into, keyShown, null);
    return result;
  }

  /**
   * Decodes a body whose invalid events are put into quarantine: each has a row there instead of
   * one in its table. They are no reason to refuse the request, but {@link Decoded#errors} has what
   * is wrong with them.
   *
   * @param arrival what is kept beside such an event
   * @throws CopyBuffer.LimitExceededException if the rows, or the events' texts, exceed the limit
   *     of {@code into}
   */
  public Decoded decodeLeniently(
      App app, byte[] body, int length, Headers headers, Batch into, Arrival arrival) {
    return decodeLeniently(app, body, length, headers, into, arrival, false);
  }

  /**
   * The same.
   *
   * @param keyShown whether the client has shown a secret key of the app before
   */
  public Decoded decodeLeniently(
      App app,
      byte[] body,
      int length,
      Headers headers,
      Batch into,
      Arrival arrival,
      boolean keyShown) {
    QuarantineRows quarantine = new QuarantineRows(app, arrival, headers);
    decode(app, body, length, headers, into, keyShown, quarantine);
    LenientEvents lenient = result.lenient;
    if (lenient != null && result.isRequest() && !cutShort) {
      lenient.keep(body, length, result.errors);
    }
    return result;
  }

  /**
   * The key may come behind the events. Until it does, anybody can have sent them, and has only so
   * much memory; if that was not enough and the key is right, they are decoded again.
   */
  private void decode(
      App app,
      byte[] body,
      int length,
      Headers headers,
      Batch into,
      boolean shownBefore,
      @Nullable QuarantineRows quarantine) {
    keyShown = shownBefore;
    maxBytesWithoutKey = BYTES_WITHOUT_KEY + (long) BYTES_WITHOUT_KEY_PER_BODY_BYTE * length;
    decodeOnce(app, body, length, headers, into, quarantine);
    if (cutShort && keyShown && result.isRequest()) {
      into.clear();
      decodeOnce(app, body, length, headers, into, quarantine);
    }
  }

  private void decodeOnce(
      App app,
      byte[] body,
      int length,
      Headers headers,
      Batch into,
      @Nullable QuarantineRows quarantine) {
    trusted = true;
    cutShort = false;
    reader.begin(app);
    request.begin(app, headers, into);
    try {
      read(app, body, length, quarantine == null ? null : new LenientEvents(into, quarantine));
    } finally {
      request.end();
    }
  }

  /**
   * Decodes a body but only counts its events, for a client that must not learn anything about
   * them.
   *
   * @return valid until the next call
   */
  public Decoded skim(App app, byte[] body, int length) {
    trusted = false;
    return read(app, body, length, null);
  }

  /** Forgets the result, so that it is not kept until the next request. */
  public void forget() {
    result.clear();
  }

  private Decoded read(App app, byte[] body, int length, @Nullable LenientEvents lenient) {
    result.clear();
    result.lenient = lenient;
    int malformed = Utf8.firstMalformed(body, length); // jackson-core accepts some of it
    if (malformed >= 0) {
      setMalformed(new JsonFailure(malformed, "invalid UTF-8"), body);
      return result;
    }
    try (json) {
      json.open(body, hasByteOrderMark(body, length) ? 3 : 0, length);
      readBody(app, body);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
    return result;
  }

  private static boolean hasByteOrderMark(byte[] body, int length) {
    return length >= 3
        && body[0] == (byte) 0xEF
        && body[1] == (byte) 0xBB
        && body[2] == (byte) 0xBF;
  }

  private void readBody(App app, byte[] body) throws IOException {
    try {
      readBody(app);
    } catch (JsonProcessingException e) {
      setMalformed(json.explain(e), body);
    }
  }

  private void setMalformed(JsonFailure failure, byte[] body) {
    result.malformed = "the body is not JSON at " + failure.describe(body);
  }

  private void readBody(App app) throws IOException {
    boolean isObject = json.nextToken() == JsonToken.START_OBJECT;
    boolean keyRead = false;
    boolean eventsRead = false;
    while (isObject && json.nextToken() == JsonToken.FIELD_NAME) {
      boolean isKey = json.name().equals(SECRET_KEY);
      boolean isEvents = json.name().equals(EVENTS);
      if ((isKey && keyRead) || (isEvents && eventsRead)) {
        result.malformed = json.name() + " occurs twice";
        return;
      }
      keyRead |= isKey;
      eventsRead |= isEvents;
      if (isKey) {
        readKey(app, json.nextToken());
      } else if (isEvents) {
        readEvents(json.nextToken());
      }
      json.skipTo(1);
    }
    json.skipTo(0);
    json.readEnd();
    if (!isObject) {
      result.invalidShape = "the body must be a JSON object with secret_key and events";
    } else if (!eventsRead) {
      result.invalidShape = "events is missing; it must be an array of events";
    }
  }

  private void readKey(App app, JsonToken value) throws IOException {
    if (value == JsonToken.VALUE_STRING) {
      Text text = json.text();
      String key = Objects.requireNonNullElse(text.toShortString(), "");
      // Unpaired surrogates are read as U+FFFD, and what is too long as "": the key may be that.
      boolean isExact = text.is(key.getBytes(StandardCharsets.UTF_8));
      result.secretKey = key;
      result.wrongSecretKey = !app.accepts(key) || !isExact;
      trusted &= !result.wrongSecretKey; // events that follow are only counted
      keyShown |= !result.wrongSecretKey;
    } else {
      result.invalidShape = "secret_key must be a string";
    }
  }

  private void readEvents(JsonToken value) throws IOException {
    if (value != JsonToken.START_ARRAY) {
      result.invalidShape = "events must be an array";
      return;
    }
    int depth = json.depth();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      int start = json.tokenStart();
      int event = result.events;
      result.startEvent();
      if (trusted) {
        reader.read(event);
      }
      json.skipTo(depth);
      if (trusted && result.lenient != null) {
        endLeniently(result.lenient, start);
      }
      if (trusted && !keyShown && request.rows().size() > maxBytesWithoutKey) {
        cutShort = true;
        trusted = false;
      }
    }
  }

  /** Puts the event that has just been read into quarantine if it is invalid. */
  private void endLeniently(LenientEvents lenient, int start) throws IOException {
    lenient.add(start, json.tokenEnd());
    EventError error = result.firstError;
    if (error != null) {
      lenient.quarantine(error, reader.namedTable(), json.bytes());
    }
  }
}
