package attolytics.schema.yaml;

import attolytics.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SchemaFileSeedsTest {
  @Test
  void seeds_areReadOrRefused() throws IOException {
    SchemaFileFuzz fuzz = new SchemaFileFuzz();
    for (Path seed : Seeds.of(SchemaFileFuzz.class, "read")) {
      fuzz.read(Files.readAllBytes(seed));
    }
  }
}
