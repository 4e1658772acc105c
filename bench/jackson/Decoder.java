package attolytics.decode;

import attolytics.bench.jmh.JacksonDecoder;
import attolytics.buffer.Batch;
import attolytics.schema.App;
import java.time.InstantSource;

/**
 * Replaces the service's decoder in a jar for benchmarks only, which {@code bench/jackson/make}
 * makes: whatever is wrong with a request is reported as a malformed body.
 */
public final class Decoder {
  private final JacksonDecoder jackson = new JacksonDecoder();
  private final Decoded result = new Decoded();

  public Decoder(InstantSource clock) {}

  public Decoded decode(App app, byte[] body, int length, Headers headers, Batch into) {
    result.clear();
    result.malformed = jackson.decode(app, body, length, into);
    result.events = into.rowCount();
    result.secretKey = ""; // the decoder has compared it
    return result;
  }

  public Decoded decodeLeniently(
      App app, byte[] body, int length, Headers headers, Batch into, Arrival arrival) {
    return decode(app, body, length, headers, into);
  }

  public Decoded skim(App app, byte[] body, int length) {
    result.clear();
    result.malformed = "not read";
    return result;
  }
}
