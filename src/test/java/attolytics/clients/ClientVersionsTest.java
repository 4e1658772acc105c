package attolytics.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The clients are released with the service, and have its version. */
class ClientVersionsTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      textBlock =
          """
          clients/js/package.json, `"version": "(.+)"`
          clients/python/attolytics.py, `__version__ = "(.+)"`
          """)
  void client_hasTheVersionOfTheService(Path client, String pattern) throws Exception {
    String service = version(Path.of("pom.xml"), "<version>(.+?)(-SNAPSHOT)?</version>");
    assertEquals(service, version(client, pattern));
  }

  private static String version(Path file, String pattern) throws IOException {
    Matcher version = Pattern.compile(pattern).matcher(Files.readString(file));
    assertTrue(version.find(), () -> file + " has no " + pattern);
    return version.group(1);
  }
}
