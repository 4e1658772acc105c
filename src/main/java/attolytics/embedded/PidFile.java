package attolytics.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code postmaster.pid}, the file that a PostgreSQL server has in its data directory while it
 * runs, and leaves behind when it is killed.
 *
 * @param pid or -1 if there is none: the file is empty for a moment after its creation, and for
 *     good if the server was killed then
 * @param port or -1 if the server has not written it yet
 * @param status {@code starting}, {@code ready}, {@code stopping}, or empty
 */
record PidFile(long pid, int port, String status) {
  private static final String NAME = "postmaster.pid";

  static @Nullable PidFile in(Path data) throws IOException {
    List<String> lines;
    try {
      // In an encoding that no content violates: a power loss may leave anything.
      lines = Files.readAllLines(data.resolve(NAME), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      return null;
    }
    return new PidFile(
        number(lines, 0), (int) number(lines, 3), lines.size() > 7 ? lines.get(7).strip() : "");
  }

  static void delete(Path data) throws IOException {
    Files.deleteIfExists(data.resolve(NAME));
  }

  boolean hasPid() {
    return pid > 0;
  }

  /** The live process with that PID, which need not be the server. */
  Optional<ProcessHandle> process() {
    return ProcessHandle.of(pid).filter(PidFile::runs);
  }

  /**
   * Whether the process is alive. A zombie is not: a server that terminates in a container whose
   * first process is the service becomes one.
   */
  static boolean runs(ProcessHandle process) {
    return process.isAlive() && !isZombie(process.pid());
  }

  private static boolean isZombie(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.startsWith(") Z", stat.lastIndexOf(')'));
    } catch (IOException e) {
      return false; // not Linux, or no such process
    }
  }

  /** Whether the server may accept connections. */
  boolean mayAnswer() {
    return port > 0 && !isStarting();
  }

  /** Whether the server does not accept connections yet; it may be recovering. */
  boolean isStarting() {
    return status.equals("starting");
  }

  /** Whether a process has that PID, even if only a zombie. */
  boolean isPidInUse() {
    return ProcessHandle.of(pid).isPresent();
  }

  private static long number(List<String> lines, int line) {
    String text = lines.size() > line ? lines.get(line).strip() : "";
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
  }
}
