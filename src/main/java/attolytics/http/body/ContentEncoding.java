package attolytics.http.body;

import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;

/** The content encodings that a body may have. */
public final class ContentEncoding {
  /** The value of Accept-Encoding. */
  public static final String SUPPORTED = "gzip";

  private ContentEncoding() {}

  /** Whether the body has no encoding or one that is supported. An empty value means none. */
  public static boolean isSupported(HeaderMap headers) {
    HeaderValues encodings = headers.get(Headers.CONTENT_ENCODING);
    return encodings == null
        || (encodings.size() == 1
            && (isGzip(encodings.getFirst())
                || encodings.getFirst().isEmpty()
                || encodings.getFirst().equalsIgnoreCase("identity")));
  }

  /** Whether the body of a request whose encoding is supported is compressed. */
  static boolean isGzip(HeaderMap headers) {
    String encoding = headers.getFirst(Headers.CONTENT_ENCODING);
    return encoding != null && isGzip(encoding);
  }

  private static boolean isGzip(String encoding) {
    return encoding.equalsIgnoreCase("gzip") || encoding.equalsIgnoreCase("x-gzip");
  }
}
