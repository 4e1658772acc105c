package attolytics.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
  private final ByteSize size = new ByteSize();

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1048576, 1048576",
    "512B, 512",
    "4KiB, 4096",
    "64k, 65536",
    "64m, 67108864",
    "64M, 67108864",
    "64mib, 67108864",
    "64 MiB, 67108864",
    "1GiB, 1073741824",
    "1g, 1073741824",
    "5KB, 5000",
    "10MB, 10000000",
    "2gb, 2000000000",
    "9223372036854775807, 9223372036854775807"
  })
  void convert_readsWhatPeopleWrite(String text, long bytes) {
    assertEquals(bytes, size.convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MiB", "-1", "1.5MiB", "5x", "5 5", "0x10", "1TiB", "1,000"})
  void convert_refusesWhatIsNoSize(String text) {
    var e = assertThrows(TypeConversionException.class, () -> size.convert(text));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("'" + text + "' is not a size such as"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775808", "9999999999999G"})
  void convert_refusesWhatOverflows(String text) {
    var e = assertThrows(TypeConversionException.class, () -> size.convert(text));
    assertEquals("'" + text + "' is too large", e.getMessage());
  }
}
