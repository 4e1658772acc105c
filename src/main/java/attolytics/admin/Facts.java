package attolytics.admin;

import attolytics.settings.Redaction;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the status page says of an instance besides its meters. The service fills it in as its parts
 * start. Thread-safe.
 */
public final class Facts {
  /**
   * The database.
   *
   * @param url without password
   * @param isEmbedded whether it is the one that the service itself runs
   * @param name null until it has been queried, as are the next two
   * @param bytes its size
   * @param problem why it accepts no writes, or null
   * @param cause the words of the driver or the server, or null
   */
  public record Database(
      String url,
      boolean isEmbedded,
      @Nullable String name,
      @Nullable String serverVersion,
      @Nullable Long bytes,
      @Nullable String problem,
      @Nullable String cause) {
    public Database {
      cause = cause == null ? null : Redaction.redact(cause);
    }
  }

  private final String version;
  private final String host;
  private final Path schemaFile;
  private volatile @Nullable String adminUrl;
  private volatile @Nullable String url;
  private volatile Supplier<@Nullable Database> database = () -> null;
  private volatile Supplier<Instant> readinessSince = () -> Instant.EPOCH;

  /**
   * @param version of the service
   * @param host name of the machine
   * @param schemaFile as it was given
   */
  public Facts(String version, String host, Path schemaFile) {
    this.version = version;
    this.host = host;
    this.schemaFile = schemaFile;
  }

  /** The address of the admin port is known. */
  public void setAdminUrl(String known) {
    adminUrl = known;
  }

  /** The address of the public port is known. */
  public void setUrl(String known) {
    url = known;
  }

  /**
   * There is a way to know the database.
   *
   * @param known does not block
   */
  public void setDatabase(Supplier<@Nullable Database> known) {
    database = known;
  }

  /**
   * There is a way to know the readiness.
   *
   * @param since when the service became ready, or the opposite; does not block
   */
  public void setReadinessSince(Supplier<Instant> since) {
    readinessSince = since;
  }

  String version() {
    return version;
  }

  String host() {
    return host;
  }

  Path schemaFile() {
    return schemaFile;
  }

  @Nullable String adminUrl() {
    return adminUrl;
  }

  /** The address of the public port, or null before it is open. */
  @Nullable String url() {
    return url;
  }

  /** The database, or null before it is known. */
  @Nullable Database database() {
    return database.get();
  }

  Instant readinessSince() {
    return readinessSince.get();
  }
}
