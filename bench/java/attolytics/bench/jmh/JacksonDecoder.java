package attolytics.bench.jmh;

import attolytics.buffer.Batch;
import attolytics.json.Utf8;
import attolytics.schema.App;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads bodies by jackson-core's streaming parser, with the checks of the service's own decoder:
 * strict JSON in well-formed UTF-8, names, types, ranges, repeated fields and keys. For the types
 * of the example's table only, and it says less about what is wrong. Not thread-safe.
 *
 * <p>As fast as the parser allows: field names are compared by identity with the one that is
 * expected next, and numbers and texts are taken from the parser's buffer, without a string of
 * their own.
 */
public final class JacksonDecoder {
  /** Interns names, which makes them comparable by identity. */
  private final JsonFactory factory = new JsonFactory();

  private final IdentityHashMap<App, JacksonRows[]> rowsByApp = new IdentityHashMap<>();
  private JacksonRows[] tables = {};

  /**
   * Decodes a body.
   *
   * @param into receives the rows; empty before the call, and complete only without an error
   * @return null, or what is wrong with the body
   */
  public @Nullable String decode(App app, byte[] body, int length, Batch into) {
    // jackson-core accepts overlong forms and encoded surrogates, and detects UTF-16 by zeros.
    int malformed = Utf8.firstMalformed(body, length);
    if (malformed >= 0 || (length > 1 && (body[0] == 0 || body[1] == 0))) {
      return "invalid UTF-8 at byte " + Math.max(0, malformed);
    }
    tables = rowsByApp.computeIfAbsent(app, JacksonDecoder::rows);
    try (JsonParser json = factory.createParser(body, 0, length)) {
      String error = readBody(app, json, into);
      return error != null || json.nextToken() == null ? error : "something behind the body";
    } catch (JsonParseException e) {
      return e.getOriginalMessage() + " at byte " + e.getLocation().getByteOffset();
    } catch (IOException e) {
      return e.getMessage(); // nested too deep, or the like
    }
  }

  private static JacksonRows[] rows(App app) {
    return app.tables().stream().map(JacksonRows::new).toArray(JacksonRows[]::new);
  }

  private @Nullable String readBody(App app, JsonParser json, Batch into) throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      return "not an object";
    }
    boolean keyRead = false;
    boolean eventsRead = false;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (name.equals("secret_key")) {
        if (keyRead || value != JsonToken.VALUE_STRING || !app.accepts(json.getText())) {
          return "secret_key";
        }
        keyRead = true;
      } else if (name.equals("events")) {
        if (eventsRead || value != JsonToken.START_ARRAY) {
          return "events";
        }
        eventsRead = true;
        String error = readEvents(json, into);
        if (error != null) {
          return error;
        }
      } else {
        json.skipChildren();
      }
    }
    return keyRead && eventsRead ? null : "secret_key or events is missing";
  }

  private @Nullable String readEvents(JsonParser json, Batch into) throws IOException {
    for (int event = 0; json.nextToken() != JsonToken.END_ARRAY; event++) {
      // Where _t does not come first, the service reads the event twice; this does not.
      if (json.currentToken() != JsonToken.START_OBJECT
          || json.nextToken() != JsonToken.FIELD_NAME
          || !json.currentName().equals("_t")
          || json.nextToken() != JsonToken.VALUE_STRING) {
        return "/events/" + event + "/_t";
      }
      JacksonRows rows = table(json);
      String error = rows == null ? "_t" : rows.read(json, into);
      if (error != null) {
        return "/events/" + event + "/" + error;
      }
    }
    return null;
  }

  /** That the text names, or null. */
  private @Nullable JacksonRows table(JsonParser json) throws IOException {
    for (JacksonRows rows : tables) {
      if (rows.isNamed(json.getTextCharacters(), json.getTextOffset(), json.getTextLength())) {
        return rows;
      }
    }
    return null;
  }
}
