package attolytics.settings;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.postgresql.ssl.DefaultJavaSSLFactory;

/**
 * Makes the driver verify the server's certificate wherever libpq would. A URL that names a root
 * certificate and would be used without verification is refused.
 *
 * @see <a href="https://www.postgresql.org/docs/current/libpq-ssl.html">libpq, SSL Support</a>
 */
final class TlsParameters {
  private static final String MODE = PGProperty.SSL_MODE.getName();
  private static final String ROOT = PGProperty.SSL_ROOT_CERT.getName();
  private static final String FACTORY = PGProperty.SSL_FACTORY.getName();

  /** Instead of a file: the certificates that the JVM trusts. */
  private static final String SYSTEM = "system";

  private static final Set<String> VERIFYING = Set.of("verify-ca", "verify-full");

  private TlsParameters() {}

  /**
   * Adds what libpq implies.
   *
   * @param properties of the driver
   * @throws IllegalArgumentException if a root certificate is given that would not be used
   */
  static void complete(Map<String, String> properties) {
    String root = properties.get(ROOT);
    if (root == null) {
      return;
    }
    if (properties.containsKey(FACTORY)) {
      throw new IllegalArgumentException(
          "sslfactory of the database URL would ignore sslrootcert: leave one of them out");
    }
    if (root.equals(SYSTEM)) {
      trustSystem(properties);
    } else {
      trustFile(properties);
    }
  }

  private static void trustFile(Map<String, String> properties) {
    String mode = mode(properties);
    if ("require".equals(mode)) {
      properties.put(MODE, "verify-ca"); // as libpq does
    } else if (!VERIFYING.contains(String.valueOf(mode))) {
      throw new IllegalArgumentException(
          "sslrootcert of the database URL verifies nothing without sslmode=verify-full, verify-ca"
              + " or require");
    }
  }

  private static void trustSystem(Map<String, String> properties) {
    String mode = mode(properties);
    if (mode != null && !mode.equals("verify-full")) {
      throw new IllegalArgumentException(
          "sslrootcert=system of the database URL requires sslmode=verify-full, because"
              + " anybody can get a certificate of a public authority");
    }
    if (properties.containsKey(PGProperty.SSL_CERT.getName())
        || properties.containsKey(PGProperty.SSL_KEY.getName())) {
      throw new IllegalArgumentException(
          "sslrootcert=system of the database URL does not go with sslcert and sslkey: name the file"
              + " of the authority's certificate");
    }
    properties.remove(ROOT);
    properties.put(MODE, "verify-full");
    properties.put(FACTORY, DefaultJavaSSLFactory.class.getName());
  }

  /** From {@code sslmode}, or the driver's own {@code ssl}; null if neither is given. */
  private static @Nullable String mode(Map<String, String> properties) {
    String mode = properties.get(MODE);
    String ssl = properties.get(PGProperty.SSL.getName());
    boolean requested = ssl != null && (ssl.isEmpty() || Boolean.parseBoolean(ssl));
    return mode == null ? requested ? "verify-full" : null : mode.toLowerCase(Locale.ROOT);
  }
}
