package attolytics.http;

import attolytics.settings.TrustedProxies;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The address of a client that is connected directly or by way of trusted proxies. */
final class ClientAddress {
  private ClientAddress() {}

  /**
   * The right-most address that is not that of a trusted proxy. What is not an address ends the
   * search: the result is then the last address before it.
   *
   * @param peer of the connection
   * @param forwardedFor the values of {@code X-Forwarded-For}, or null
   */
  static String of(InetAddress peer, @Nullable List<String> forwardedFor, TrustedProxies proxies) {
    List<String> values = forwardedFor == null ? List.of() : forwardedFor;
    InetAddress client = peer;
    // From the end, as all before the client's address is what the client makes up, however long.
    for (int i = values.size() - 1; i >= 0; i--) {
      String value = values.get(i);
      for (int end = value.length(); end >= 0; ) {
        if (!proxies.contains(client)) {
          return text(client);
        }
        int comma = value.lastIndexOf(',', end - 1);
        InetAddress before = TrustedProxies.address(value.substring(comma + 1, end).strip());
        if (before == null) {
          return text(client);
        }
        client = before;
        end = comma;
      }
    }
    return text(client);
  }

  /** As PostgreSQL writes it: in RFC 5952 form and without a zone. */
  private static String text(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address.getHostAddress();
    }
    byte[] bytes = address.getAddress();
    int[] groups = new int[8];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (bytes[2 * i] & 0xFF) << 8 | (bytes[2 * i + 1] & 0xFF);
    }
    int gap = -1;
    int gapLength = 1; // a single group is not shortened
    for (int i = 0; i < groups.length; i++) {
      int end = i;
      while (end < groups.length && groups[end] == 0) {
        end++;
      }
      if (end - i > gapLength) {
        gap = i;
        gapLength = end - i;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
      if (i == gap) {
        text.append("::");
        i += gapLength - 1;
      } else {
        boolean needsColon = i > 0 && text.charAt(text.length() - 1) != ':';
        text.append(needsColon ? ":" : "").append(Integer.toHexString(groups[i]));
      }
    }
    return text.toString();
  }
}
