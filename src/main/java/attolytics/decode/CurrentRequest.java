package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.Scratch;

/**
 * What the encoders of all tables share: the request that is being decoded, and memory for one of
 * its events. It is here and not in each of them, so that what is kept between requests does not
 * grow with the number of tables. Not thread-safe.
 */
final class CurrentRequest {
  private static final Headers NO_HEADERS = name -> null;

  private final Batch noBatch = new Batch(0);
  private final RestFields rest = new RestFields(this);
  private long serial;
  private Headers headers = NO_HEADERS;
  private Batch batch = noBatch;
  private CopyBuffer rows = noBatch.rows();
  private final Scratch scratch = new Scratch();

  /**
   * @param into receives the rows
   */
  void begin(Headers from, Batch into) {
    serial++;
    headers = from;
    batch = into;
    rows = into.rows();
  }

  /** Forgets the request and its events. */
  void end() {
    rest.clear(); // releases what it has reserved for the batch
    headers = NO_HEADERS;
    batch = noBatch;
    rows = noBatch.rows();
  }

  /** Differs from that of the requests before. */
  long serial() {
    return serial;
  }

  Headers headers() {
    return headers;
  }

  Batch batch() {
    return batch;
  }

  /** The rows of the batch. */
  CopyBuffer rows() {
    return rows;
  }

  /** The fields of the current event that are no columns. */
  RestFields rest() {
    return rest;
  }

  /** Memory for a row that is being sorted. */
  Scratch scratch() {
    return scratch;
  }
}
