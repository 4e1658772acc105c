package attolytics.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code postmaster.pid}, which a PostgreSQL server keeps in its data directory while it runs, and
 * leaves behind when it is killed.
 *
 * @param port or -1 if the server has not come so far
 * @param status {@code starting}, {@code ready}, {@code stopping}, or empty
 */
record PidFile(long pid, int port, String status) {
  private static final String NAME = "postmaster.pid";

  static @Nullable PidFile in(Path data) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(data.resolve(NAME));
    } catch (NoSuchFileException e) {
      return null;
    }
    return new PidFile(
        number(lines, 0), (int) number(lines, 3), lines.size() > 7 ? lines.get(7).strip() : "");
  }

  static void delete(Path data) throws IOException {
    Files.deleteIfExists(data.resolve(NAME));
  }

  /** The process with that number, unless it is dead; whether it is the server is another thing. */
  Optional<ProcessHandle> process() {
    return ProcessHandle.of(pid).filter(PidFile::runs);
  }

  /**
   * Whether the process is alive. One that has died, but whose parent has not taken note of it, is
   * not: so ends a server in a container whose first process is the service.
   */
  static boolean runs(ProcessHandle process) {
    return process.isAlive() && !isZombie(process.pid());
  }

  private static boolean isZombie(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.startsWith(") Z", stat.lastIndexOf(')'));
    } catch (IOException e) {
      return false; // not on Linux, or gone
    }
  }

  /** Whether it is worth asking the server. */
  boolean mayAnswer() {
    return port > 0 && !isStarting();
  }

  /** Whether the server does not take connections yet; it may be recovering. */
  boolean isStarting() {
    return status.equals("starting");
  }

  /** Whether there is such a process, if only as the remains of one. */
  boolean isPidInUse() {
    return ProcessHandle.of(pid).isPresent();
  }

  private static long number(List<String> lines, int line) {
    String text = lines.size() > line ? lines.get(line).strip() : "";
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
  }
}
