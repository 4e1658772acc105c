package attolytics.bench.result;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** The raw results: a CSV file a part, of which each line is a {@link Round}. */
public final class Results {
  private final Path directory;

  public Results(Path directory) {
    this.directory = directory;
  }

  public Path directory() {
    return directory;
  }

  /** Forgets what an earlier run measured in that part. */
  public void begin(String part) throws IOException {
    Files.createDirectories(directory);
    Files.write(file(part), List.of(Round.CSV_HEAD));
  }

  public void add(Round round) throws IOException {
    Files.write(file(round.scenario().part()), List.of(round.toCsv()), StandardOpenOption.APPEND);
  }

  /** The part's rounds that count; none if it was never measured. */
  public List<Round> rounds(String part) throws IOException {
    if (!Files.exists(file(part))) {
      return List.of();
    }
    return Files.readAllLines(file(part)).stream()
        .skip(1)
        .map(Round::parse)
        .filter(round -> round.number() > 0)
        .toList();
  }

  /** Text that belongs to the results; empty if there is none. */
  public String note(String name) throws IOException {
    Path file = directory.resolve(name);
    return Files.exists(file) ? Files.readString(file).strip() : "";
  }

  public void note(String name, String text) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve(name), text + "\n");
  }

  private Path file(String part) {
    return directory.resolve(part + ".csv");
  }
}
