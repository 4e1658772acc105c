package attolytics.buffer;

import java.util.Arrays;
import java.util.Objects;

/**
 * The header Idempotency-Key of a request, by which a client can send it again without storing its
 * rows twice. Two are equal if app and key are; the fingerprint is compared separately.
 *
 * @param app the key belongs to
 * @param key the value of the header
 * @param fingerprint SHA-256 of the body, and of the handling that the client prefers
 */
@SuppressWarnings("ArrayRecordComponent") // never modified
public record IdempotencyKey(String app, String key, byte[] fingerprint)
    implements Comparable<IdempotencyKey> {
  /** Whether body and preferred handling are the same. */
  public boolean sameRequest(IdempotencyKey other) {
    return Arrays.equals(fingerprint, other.fingerprint);
  }

  @Override
  public int compareTo(IdempotencyKey other) {
    int byApp = app.compareTo(other.app);
    return byApp == 0 ? key.compareTo(other.key) : byApp;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IdempotencyKey that && app.equals(that.app) && key.equals(that.key);
  }

  @Override
  public int hashCode() {
    return Objects.hash(app, key);
  }
}
