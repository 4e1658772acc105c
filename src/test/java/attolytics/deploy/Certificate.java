package attolytics.deploy;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate for 127.0.0.1 that only the test's own client trusts. */
public final class Certificate {
  private static final String ALIAS = "attolytics";
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final java.security.cert.Certificate certificate;

  private Certificate(java.security.cert.Certificate certificate) {
    this.certificate = certificate;
  }

  /** Makes one, as {@code fullchain.pem} and {@code privkey.pem} in the directory. */
  public static Certificate selfSigned(Path directory)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path file = directory.resolve("keystore.p12");
    Program.succeed(
        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=127.0.0.1",
        "-ext",
        "san=ip:127.0.0.1",
        "-alias",
        ALIAS,
        "-storetype",
        "PKCS12",
        "-keystore",
        file.toString(),
        "-storepass",
        new String(PASSWORD));
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    java.security.cert.Certificate certificate = keys.getCertificate(ALIAS);
    writePem(directory.resolve("fullchain.pem"), "CERTIFICATE", certificate.getEncoded());
    writePem(
        directory.resolve("privkey.pem"), "PRIVATE KEY", keys.getKey(ALIAS, PASSWORD).getEncoded());
    return new Certificate(certificate);
  }

  private static void writePem(Path file, String label, byte[] der) throws IOException {
    byte[] newline = "\n".getBytes(StandardCharsets.US_ASCII);
    String base64 = Base64.getMimeEncoder(64, newline).encodeToString(der);
    Files.writeString(
        file, "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n");
  }

  HttpClient trustingClient() throws IOException, GeneralSecurityException {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(trustingContext())
        .build();
  }

  /** What a client needs to accept it. */
  SSLContext trustingContext() throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, PASSWORD);
    trusted.setCertificateEntry(ALIAS, certificate);
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }
}
