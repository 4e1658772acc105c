package attolytics.simulate.workload;

import attolytics.buffer.Batch;
import attolytics.buffer.LenientRequest;
import attolytics.encoding.CopyBuffer;
import attolytics.schema.Quarantine;

/** What becomes of the events of an attempt that is handled leniently. */
final class LenientAttempt implements LenientRequest {
  private final Batch batch;
  private final int events;
  private int quarantined;

  LenientAttempt(Batch batch, int events) {
    this.batch = batch;
    this.events = events;
  }

  @Override
  public boolean quarantine(int event, String code, String detail) {
    CopyBuffer row = new CopyBuffer(Attempt.ROW_BYTES, Attempt.ROW_BYTES);
    row.put(batch.rows().array(), event * Attempt.ROW_BYTES, Attempt.ROW_BYTES);
    batch.replaceRow(event, Quarantine.TABLE, row);
    quarantined++;
    return true;
  }

  @Override
  public String answer(int duplicates) {
    return answer(events - quarantined - duplicates, duplicates, quarantined);
  }

  static String answer(int stored, int duplicates, int quarantined) {
    return "stored " + stored + ", duplicates " + duplicates + ", quarantined " + quarantined;
  }
}
