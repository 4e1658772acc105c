package attolytics.http;

import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;

/** The encodings that a body may have. */
final class ContentEncoding {
  /** As the header Accept-Encoding tells it. */
  static final String SUPPORTED = "gzip";

  private ContentEncoding() {}

  /** Whether the body has at most one encoding, and one that is known. An empty one is none. */
  static boolean isSupported(HeaderMap headers) {
    HeaderValues encodings = headers.get(Headers.CONTENT_ENCODING);
    return encodings == null
        || (encodings.size() == 1
            && (isGzip(encodings.getFirst())
                || encodings.getFirst().isEmpty()
                || encodings.getFirst().equalsIgnoreCase("identity")));
  }

  static boolean isGzip(String encoding) {
    return encoding.equalsIgnoreCase("gzip") || encoding.equalsIgnoreCase("x-gzip");
  }
}
