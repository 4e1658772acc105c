package attolytics.http;

import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The secret key in the header Authorization.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6750#section-2.1">RFC 6750, bearer token</a>
 */
final class BearerToken {
  private static final String SCHEME = "Bearer";

  private BearerToken() {}

  /** The token, or null if there is no such header or it is of another scheme. */
  static @Nullable String of(HeaderMap headers) {
    String authorization = headers.getFirst(Headers.AUTHORIZATION);
    int scheme = SCHEME.length();
    if (authorization == null
        || !authorization.regionMatches(true, 0, SCHEME, 0, scheme)
        || (authorization.length() > scheme && authorization.charAt(scheme) != ' ')) {
      return null;
    }
    // Undertow makes a character of each byte, and the key is UTF-8.
    byte[] token = authorization.substring(scheme).trim().getBytes(StandardCharsets.ISO_8859_1);
    return new String(token, StandardCharsets.UTF_8);
  }
}
