package attolytics.admin;

import attolytics.settings.Redaction;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Why no request would be accepted now.
 *
 * @param reason one of a few; it stays the same while that lasts
 * @param cause what is known of it, such as the words of the database, or null; it may change
 *     meanwhile
 * @param since when the service stopped accepting requests, for this or another reason
 */
public record NotReady(String reason, @Nullable String cause, Instant since) {
  public NotReady {
    cause = cause == null ? null : Redaction.redact(cause);
  }

  /** In words, without the time. */
  public String text() {
    return cause == null ? reason : reason + " (" + cause + ")";
  }

  /** In words, with the time. */
  public String textWithTime() {
    return text() + ", since " + since.truncatedTo(ChronoUnit.SECONDS);
  }

  /** The answer of {@code /readyz}. */
  String answer() {
    return "not ready: " + textWithTime();
  }
}
