package attolytics.schema;

import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Origins of web pages. */
public final class Origins {
  private Origins() {}

  /**
   * The origin as browsers send it in {@code Origin}: in lower case, without the scheme's default
   * port and a trailing slash, and with an internationalized host name as Punycode.
   *
   * @return null if the text is not an origin: it has a path, a user or a wildcard, or is no URL
   */
  public static @Nullable String asSentByBrowsers(String url) {
    try {
      URI uri = new URI(url);
      String scheme = uri.getScheme();
      String authority = uri.getRawAuthority();
      String rest = url.substring(url.indexOf("//") + 2);
      boolean nothingElse = rest.equals(authority) || rest.equals(authority + "/");
      if (scheme == null || authority == null || !nothingElse) {
        return null;
      }
      return origin(scheme.toLowerCase(Locale.ROOT), authority);
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null; // IDN throws the latter
    }
  }

  private static @Nullable String origin(String scheme, String authority) {
    if (authority.indexOf('@') >= 0 || authority.indexOf('*') >= 0) {
      return null;
    }
    int portAt = authority.lastIndexOf(':');
    boolean hasPort = portAt > authority.lastIndexOf(']');
    String host = hasPort ? authority.substring(0, portAt) : authority;
    String port = hasPort ? authority.substring(portAt) : "";
    String ascii = host.startsWith("[") ? host : IDN.toASCII(host);
    boolean redundant =
        port.equals(":")
            || (scheme.equals("http") && port.equals(":80"))
            || (scheme.equals("https") && port.equals(":443"));
    return scheme + "://" + ascii.toLowerCase(Locale.ROOT) + (redundant ? "" : port);
  }
}
