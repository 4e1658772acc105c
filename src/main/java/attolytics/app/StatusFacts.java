package attolytics.app;

import attolytics.admin.Facts;
import attolytics.database.DatabaseDetails;
import attolytics.database.DatabaseDetails.Details;
import attolytics.database.DatabaseProbe;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Collects what the status page says of this instance and its database. */
final class StatusFacts {
  /** Asking Java for it would ask DNS, which can take long. */
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  private StatusFacts() {}

  static Facts of(Settings settings, Readiness readiness) {
    Facts facts = new Facts(Version.number(), hostName(), settings.schema());
    facts.setReadinessSince(readiness::since);
    return facts;
  }

  private static String hostName() {
    try {
      return Files.readString(HOST_NAME).strip();
    } catch (IOException e) {
      return hostNameByDns();
    }
  }

  private static String hostNameByDns() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  /** A database that has not been asked yet. */
  static Facts.Database unknown(DatabaseUrl url, boolean isEmbedded) {
    return new Facts.Database(url.display(), isEmbedded, null, null, null, null, null);
  }

  /** What is known of the database now. */
  static Facts.Database known(
      DatabaseUrl url, boolean isEmbedded, DatabaseDetails asked, DatabaseProbe probe) {
    Details details = asked.details();
    DatabaseProbe.Problem problem = probe.currentProblem();
    return new Facts.Database(
        url.display(),
        isEmbedded,
        details == null ? null : details.name(),
        details == null ? null : details.serverVersion(),
        details == null ? null : details.bytes(),
        problem == null ? null : problem.reason(),
        problem == null ? null : problem.cause());
  }
}
