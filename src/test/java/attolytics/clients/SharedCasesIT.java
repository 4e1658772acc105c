package attolytics.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tests that the clients have in their own languages, above all {@code clients/cases.json}. */
@Timeout(300)
class SharedCasesIT {
  private static final Path JS = Path.of("clients", "js");

  @TempDir Path directory;

  @Test
  void javaScript_passesItsTests() throws Exception {
    assertSucceeds(Interpreter.node(), JS, "--test");
  }

  @Test
  void python_passesItsTests() throws Exception {
    assertSucceeds(Interpreter.python(), Path.of("clients", "python"), "-m", "unittest");
  }

  private void assertSucceeds(Interpreter interpreter, Path tests, Object... arguments)
      throws Exception {
    Path output = directory.resolve("output");
    int exitCode = interpreter.start(tests, output, arguments).waitFor();
    assertEquals(0, exitCode, Files.readString(output));
  }

  @Test
  void javaScript_isAtMostFourKilobytesCompressed() throws Exception {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      Files.copy(JS.resolve("attolytics.js"), gzip);
    }
    assertTrue(compressed.size() <= 4096, () -> compressed.size() + " bytes");
  }
}
