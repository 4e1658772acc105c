package attolytics.buffer;

import java.util.Arrays;
import java.util.Objects;

/**
 * The name that a client gave to a request, so that it can send it again without doubling rows. Two
 * are equal if app and key are: the fingerprint is what is compared then.
 *
 * @param app whose key it is
 * @param key as the client sent it
 * @param fingerprint of the request's body, SHA-256
 */
@SuppressWarnings("ArrayRecordComponent") // nobody changes it
public record IdempotencyKey(String app, String key, byte[] fingerprint)
    implements Comparable<IdempotencyKey> {
  /** Whether it was the same body. */
  public boolean sameBody(IdempotencyKey other) {
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
