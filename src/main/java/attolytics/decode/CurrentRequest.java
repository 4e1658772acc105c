package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.Scratch;
import attolytics.schema.App;
import attolytics.schema.Validation;

/**
 * What the encoders of all tables share: the request that is being decoded, and memory for one of
 * its events. It is here and not in each of them, so that what is kept between requests does not
 * grow with the number of tables. Not thread-safe.
 */
final class CurrentRequest {
  private final Batch noBatch = new Batch(0);
  private final RestFields rest = new RestFields(this);
  private long serial;
  private boolean strict;
  private final RequestFields fields = new RequestFields();
  private Batch batch = noBatch;
  private CopyBuffer rows = noBatch.rows();
  private final Scratch scratch = new Scratch();

  /**
   * @param into receives the rows
   */
  void begin(App app, Headers headers, Batch into) {
    serial++;
    strict = app.validation() == Validation.STRICT;
    fields.begin(app.id(), headers);
    batch = into;
    rows = into.rows();
  }

  /** Forgets the request and its events. */
  void end() {
    rest.clear(); // releases what it has reserved for the batch
    fields.end();
    batch = noBatch;
    rows = noBatch.rows();
  }

  /** Differs from that of the requests before. */
  long serial() {
    return serial;
  }

  /** Whether events are validated strictly. */
  boolean isStrict() {
    return strict;
  }

  /** The fields that the request fills. */
  RequestFields fields() {
    return fields;
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
