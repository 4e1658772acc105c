package attolytics.bench.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the machine computes with. */
public final class Processor {
  private Processor() {}

  /** As Linux calls it; unknown on other systems. */
  public static String model() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }
}
