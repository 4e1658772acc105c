package attolytics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a fuzz test begins with, and what it has kept as worth while when it was last run. */
public final class Seeds {
  private Seeds() {}

  /** The files; there are some. */
  public static List<Path> of(Class<?> fuzzTest, String method) throws IOException {
    Path inputs =
        Path.of("src/test/resources", fuzzTest.getName().replace('.', '/') + "Inputs", method);
    Path corpus = Path.of(".cifuzz-corpus", fuzzTest.getName(), method);
    try (Stream<Path> seeds = Files.list(inputs);
        Stream<Path> kept = Files.isDirectory(corpus) ? Files.list(corpus) : Stream.empty()) {
      return Stream.concat(seeds, kept).filter(Files::isRegularFile).toList();
    }
  }
}
