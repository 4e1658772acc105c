package attolytics.quarantine;

import attolytics.buffer.Batch;
import attolytics.decode.Decoded;
import attolytics.decode.Decoder;
import attolytics.decode.EventError;
import attolytics.decode.Headers;
import attolytics.schema.App;
import attolytics.schema.Schema;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decodes events in quarantine, one by one, as if they were sent again with the headers that they
 * came with. One thread at a time.
 */
final class EventDecoder {
  private static final JsonFactory JSON = new JsonFactory();

  /** The pointer to the only event of a body. */
  private static final String EVENT = "/events/0";

  private static final String NOT_AN_EVENT = "not_an_event";

  /** PostgreSQL has no longer values. */
  private static final int MAX_ROW_BYTES = 1 << 30;

  private final Schema schema;
  private final Decoder decoder;

  EventDecoder(Schema schema, InstantSource clock) {
    this.schema = schema;
    this.decoder = new Decoder(clock);
  }

  Verdict decode(QuarantinedEvent event) {
    App app = schema.apps().get(event.app());
    if (app == null) {
      return Verdict.invalid(
          event, "unknown_app", null, "the schema file has no app \"" + event.app() + '"');
    }
    byte[] body = ("{\"events\":[" + event.event() + "]}").getBytes(StandardCharsets.UTF_8);
    Batch row = new Batch(MAX_ROW_BYTES);
    Decoded decoded = decoder.decode(app, body, body.length, headers(event), row);
    if (decoded.malformed() != null) {
      return Verdict.invalid(event, NOT_AN_EVENT, null, decoded.malformed());
    }
    if (decoded.invalidShape() != null || decoded.events() != 1) {
      return Verdict.invalid(event, NOT_AN_EVENT, null, "it is not one event");
    }
    if (decoded.unknownTable() != null) {
      return Verdict.invalid(event, "unknown_table", "/_t", decoded.unknownTable().detail());
    }
    return decoded.anyEventInvalid()
        ? invalid(event, decoded.errors().get(0))
        : Verdict.valid(event, row);
  }

  private static Verdict invalid(QuarantinedEvent event, EventError error) {
    String pointer = error.pointer().substring(EVENT.length());
    // What has no table is not an event of any.
    boolean isEvent =
        !(pointer.isEmpty() || pointer.equals("/_t")) || error.code().equals("duplicate_field");
    return Verdict.invalid(event, isEvent ? error.code() : NOT_AN_EVENT, pointer, error.detail());
  }

  private static Headers headers(QuarantinedEvent event) {
    Map<String, String> values = parse(event.headers());
    return new Headers() {
      @Override
      public @Nullable String first(String name) {
        return asSent(values.get(name.toLowerCase(Locale.ROOT)));
      }

      @Override
      public Instant receivedAt() {
        return event.receivedAt();
      }
    };
  }

  /** One char per byte. */
  private static @Nullable String asSent(@Nullable String text) {
    return text == null
        ? null
        : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  private static Map<String, String> parse(@Nullable String object) {
    Map<String, String> values = new HashMap<>();
    if (object == null) {
      return values;
    }
    try (JsonParser json = JSON.createParser(object)) {
      if (json.nextToken() == JsonToken.START_OBJECT) {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          if (json.nextToken() == JsonToken.VALUE_STRING) {
            values.put(name, json.getText());
          } else {
            json.skipChildren();
          }
        }
      }
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException("JSONB is JSON", e);
    }
  }
}
