package attolytics.bench.part;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Which processors a process may use, by the program {@code taskset} of Linux. */
final class Cores {
  private Cores() {}

  static boolean canBeGiven() {
    return Stream.of("/usr/bin/taskset", "/bin/taskset")
        .anyMatch(program -> Files.isExecutable(Path.of(program)));
  }

  /** What stands before a command that may use that many. */
  static List<String> prefix(int count) {
    return List.of("taskset", "-c", list(count));
  }

  /** Lets a process that runs, all its threads, and children to come, use that many. */
  static void give(long pid, int count) throws IOException, InterruptedException {
    Process taskset =
        new ProcessBuilder("taskset", "-a", "-c", "-p", list(count), Long.toString(pid))
            .redirectErrorStream(true)
            .start();
    String said = new String(taskset.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (taskset.waitFor() != 0) {
      throw new IOException(said);
    }
  }

  private static String list(int count) {
    return "0-" + (count - 1);
  }
}
