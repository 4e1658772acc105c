package attolytics.http;

import attolytics.settings.TrustedProxies;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
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
  static String of(
      InetAddress peer, @Nullable Iterable<String> forwardedFor, TrustedProxies proxies) {
    InetAddress client = peer;
    List<String> entries = new ArrayList<>();
    if (forwardedFor != null && proxies.contains(peer)) {
      forwardedFor.forEach(value -> entries.addAll(List.of(value.split(",", -1))));
    }
    for (int i = entries.size() - 1; i >= 0 && proxies.contains(client); i--) {
      InetAddress before = TrustedProxies.address(entries.get(i).strip());
      if (before == null) {
        break;
      }
      client = before;
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
