package attolytics.logging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.event.Level;

/**
 * Whether standard error is systemd's journal, and the prefix that gives a line its priority there.
 *
 * @see <a
 *     href="https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html">sd-daemon</a>
 */
public final class Journal {
  private static final boolean STANDARD_ERROR =
      isFile(System.getenv().getOrDefault("JOURNAL_STREAM", ""), Path.of("/proc/self/fd/2"));

  private Journal() {}

  static boolean isStandardError() {
    return STANDARD_ERROR;
  }

  /**
   * Whether a file is the one that systemd means.
   *
   * @param stream device and inode of the journal's socket, as in {@code JOURNAL_STREAM}
   */
  static boolean isFile(String stream, Path file) {
    if (stream.isEmpty()) {
      return false;
    }
    try {
      String id = Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");
      return stream.equals(id);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return false;
    }
  }

  /** The prefix of a line on standard error; nothing if that is not the journal. */
  public static String prefix(Level level) {
    return STANDARD_ERROR ? priority(level) : "";
  }

  /** The prefix of a line in the journal. */
  static String priority(Level level) {
    return switch (level) {
      case ERROR -> "<3>";
      case WARN -> "<4>";
      case INFO -> "<6>";
      case DEBUG, TRACE -> "<7>";
    };
  }
}
