package attolytics.quarantine;

import attolytics.buffer.Batch;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of an event in quarantine.
 *
 * @param row its row, or null if it is invalid
 * @param reason why it is invalid, or null
 */
record Verdict(QuarantinedEvent event, @Nullable Batch row, @Nullable Reason reason) {
  /**
   * Why an event is invalid.
   *
   * @param pointer to what is wrong, within the event; null if that is not known
   */
  record Reason(String code, @Nullable String pointer, String detail) {}

  static Verdict valid(QuarantinedEvent event, Batch row) {
    return new Verdict(event, row, null);
  }

  static Verdict invalid(
      QuarantinedEvent event, String code, @Nullable String pointer, String detail) {
    return new Verdict(event, null, new Reason(code, pointer, detail));
  }
}
