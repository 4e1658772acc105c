package attolytics.schema.yaml;

import attolytics.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SchemaFileSeedsTest {
  @Test
  void seeds_areReadOrRefused() throws IOException {
    SchemaFileFuzz fuzz = new SchemaFileFuzz();
    for (Path seed : Seeds.of(SchemaFileFuzz.class, "read")) {
      fuzz.read(Files.readAllBytes(seed));
    }
  }

  /** A seed that is refused as a whole leads a fuzzer nowhere. */
  @Test
  void seedsWithoutMistakes_areRead() throws Exception {
    for (Path seed : Seeds.of(SchemaFileFuzz.class, "read")) {
      if (Set.of("all.yaml", "example.yaml").contains(seed.getFileName().toString())) {
        SchemaFile.read(seed, Map.of("KEY", "sesame"));
      }
    }
  }
}
