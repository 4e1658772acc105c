package attolytics.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The systemd unit. */
final class Unit {
  static final Path FILE = Path.of("deploy/systemd/attolytics@.service");

  private Unit() {}

  /** Of a setting that is given once. */
  static String value(String name) throws IOException {
    return Files.readAllLines(FILE).stream()
        .filter(line -> line.startsWith(name + "="))
        .map(line -> line.substring(name.length() + 1))
        .reduce(
            (one, other) -> {
              throw new IllegalArgumentException(name + " is given twice");
            })
        .orElseThrow(() -> new IllegalArgumentException(name + " is not given"));
  }
}
