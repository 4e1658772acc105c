package attolytics.settings;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The networks of the proxies whose {@code X-Forwarded-For} is believed. Immutable. */
public final class TrustedProxies {
  private static final String OCTET = "([1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])";

  /**
   * What Java takes for an address, valid or not, and never for a name that a name server may know.
   * Exact for IPv4: it would ask for what is not four numbers up to 255.
   */
  private static final Pattern LITERAL =
      Pattern.compile("(" + OCTET + "\\.){3}" + OCTET + "|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*");

  /** The proxies on the machine itself. */
  public static final TrustedProxies LOOPBACK = parse("127.0.0.0/8,::1/128");

  private record Network(InetAddress address, int prefix) {
    boolean contains(InetAddress other) {
      byte[] own = address.getAddress();
      byte[] bytes = other.getAddress();
      if (own.length != bytes.length) {
        return false;
      }
      for (int bit = 0; bit < prefix; bit++) {
        int mask = 0x80 >> bit % Byte.SIZE;
        if (((own[bit / Byte.SIZE] ^ bytes[bit / Byte.SIZE]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  private final List<Network> networks;

  private TrustedProxies(List<Network> networks) {
    this.networks = List.copyOf(networks);
  }

  /**
   * Parses networks and addresses, separated by commas; none if the text is empty.
   *
   * @throws IllegalArgumentException if one of them is neither
   */
  public static TrustedProxies parse(String text) {
    List<Network> networks = new ArrayList<>();
    for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
      networks.add(network(part.strip()));
    }
    return new TrustedProxies(networks);
  }

  private static Network network(String text) {
    int slash = text.indexOf('/');
    InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
    String prefix = slash < 0 ? "" : text.substring(slash + 1);
    if (address == null || (slash >= 0 && !prefix.matches("[0-9]{1,3}"))) {
      throw new IllegalArgumentException("'" + text + "' is not a network such as 10.0.0.0/8");
    }
    int bits = address.getAddress().length * Byte.SIZE;
    int length = slash < 0 ? bits : Integer.parseInt(prefix);
    if (length > bits) {
      throw new IllegalArgumentException("'" + text + "' has a prefix length greater than " + bits);
    }
    return new Network(address, length);
  }

  /** The address that the text is, or null. */
  public static @Nullable InetAddress address(String text) {
    try {
      return LITERAL.matcher(text).matches() ? InetAddress.getByName(text) : null;
    } catch (UnknownHostException e) {
      return null;
    }
  }

  public boolean contains(InetAddress address) {
    return networks.stream().anyMatch(network -> network.contains(address));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TrustedProxies that && networks.equals(that.networks);
  }

  @Override
  public int hashCode() {
    return networks.hashCode();
  }

  @Override
  public String toString() {
    return String.join(
        ",",
        networks.stream()
            .map(network -> network.address.getHostAddress() + "/" + network.prefix)
            .toList());
  }
}
