package attolytics.torture;

import java.io.IOException;
import java.util.List;

/** Signals that Java does not know. */
enum Signal {
  KILL,
  STOP,
  CONT,
  /** To a JVM: print all threads' stacks. To a PostgreSQL server: end as in a crash. */
  QUIT,
  /** To a service: read the schema file again. */
  HUP;

  /** Sends it to the processes, those that are still there. */
  void send(List<Long> pids) throws IOException, InterruptedException {
    StringBuilder script = new StringBuilder();
    for (long pid : pids) {
      script.append("kill -").append(name()).append(' ').append(pid).append(" || true; ");
    }
    // The shell's own: the program may not be installed.
    Process process =
        new ProcessBuilder("sh", "-c", script.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.waitFor();
  }

  /**
   * Makes all ready for a signal that is to be sent without delay: by a line to the standard input
   * of the process that is returned. Its end sends none.
   */
  Process aim(long pid) throws IOException {
    return new ProcessBuilder("sh", "-c", "read line && kill -" + name() + " " + pid)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  void send(long pid) throws IOException, InterruptedException {
    send(List.of(pid));
  }
}
