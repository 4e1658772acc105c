package attolytics.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Finds the PostgreSQL processes that run on a data directory. The PID in a file is not enough:
 * after a power loss or the restart of a container another process may have it, also another
 * PostgreSQL.
 */
final class DataProcesses {
  /** Linux appends the second part after an upgrade has replaced the program. */
  private static final Pattern POSTGRES = Pattern.compile(".*/postgres( \\(deleted\\))?");

  private static final Duration KILL_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(20);

  private final Path data;

  DataProcesses(Path data) {
    this.data = data;
  }

  /**
   * The server that has the PID of the file. A file without one is either left over from a crash,
   * or a server has just created it, and then it is that server.
   */
  Optional<ProcessHandle> server(PidFile file) throws IOException {
    if (!file.hasPid()) {
      return ProcessHandle.allProcesses().filter(this::isPostgresOnData).findAny();
    }
    Optional<ProcessHandle> process = file.process();
    return process.isPresent() && isServer(process.get()) ? process : Optional.empty();
  }

  /**
   * Decides by program and user where the working directory cannot be read: on systems other than
   * Linux, and for processes of other users. A server runs as the owner of its data.
   */
  private boolean isServer(ProcessHandle process) throws IOException {
    if (Files.isReadable(workingDirectory(process))) {
      return isPostgresOnData(process);
    }
    ProcessHandle.Info info = process.info();
    String owner = Files.getOwner(data).getName();
    return info.command().or(info::commandLine).orElse("").contains("postgres")
        && info.user().orElse(owner).equals(owner);
  }

  /** By the working directory, which can be read on Linux only. */
  private boolean isPostgresOnData(ProcessHandle process) {
    if (!POSTGRES.matcher(process.info().command().orElse("")).matches()) {
      return false;
    }
    try {
      return Files.isSameFile(workingDirectory(process), data);
    } catch (IOException e) {
      return false;
    }
  }

  private static Path workingDirectory(ProcessHandle process) {
    return Path.of("/proc", Long.toString(process.pid()), "cwd");
  }

  /**
   * Kills backends of a server that was killed. Most of them exit by themselves, but one that is
   * busy does not, and while it exists no server starts on the data.
   */
  void killOrphans() throws InterruptedException {
    List<ProcessHandle> orphans =
        ProcessHandle.allProcesses().filter(this::isPostgresOnData).toList();
    orphans.forEach(ProcessHandle::destroyForcibly);
    long deadline = System.nanoTime() + KILL_TIMEOUT.toNanos();
    while (orphans.stream().anyMatch(PidFile::runs) && System.nanoTime() - deadline < 0) {
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
  }
}
