package attolytics.bench.part;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.bench.load.HttpConnections;
import attolytics.settings.DatabaseUrl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class PeerTest {
  private static final String DATABASE = "postgres://user:secret@localhost:5433/events";

  private final Peer.Converter converter = new Peer.Converter();

  @Test
  void convert_jar_isABuild(@TempDir Path directory) throws IOException {
    Path jar = Files.createFile(directory.resolve("attolytics.jar"));

    assertEquals(new Peer.Build("before", jar), converter.convert("before=" + jar));
  }

  @Test
  void convert_urlAndDatabase_isAServiceThatRuns() {
    assertEquals(
        new Peer.Running("attolytics", HttpConnections.local(8000), DatabaseUrl.parse(DATABASE)),
        converter.convert("attolytics=http://127.0.0.1:8000," + DATABASE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "before",
        "before=missing.jar",
        "service=http://localhost:8000,postgres://localhost/events",
        "x=http://localhost:8000",
        "x=http://localhost,postgres://localhost/events",
        "x=http://localhost:8000,mysql://localhost/events",
        "\"x=http://localhost:8000,postgres://localhost/events",
      })
  void convert_other_isRefused(String text) {
    assertThrows(TypeConversionException.class, () -> converter.convert(text));
  }
}
