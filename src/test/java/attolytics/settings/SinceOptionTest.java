package attolytics.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SinceOptionTest {
  private final SinceOption option = new SinceOption(() -> Instant.parse("2026-02-01T00:00:00Z"));

  @ParameterizedTest
  @CsvSource({
    "2h, 2026-01-31T22:00:00Z",
    "1.5 d, 2026-01-30T12:00:00Z",
    "2026-01-31T12:00:00Z, 2026-01-31T12:00:00Z",
    "2026-01-31 12:00:00.5+05:30, 2026-01-31T06:30:00.500Z"
  })
  void convert_takesADateTimeOrADuration(String text, Instant expected) {
    assertEquals(expected, option.convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "2026-01-31", "2026-01-31T12:00:00", "-2h", "2", "soon"})
  void convert_refusesAnythingElse(String text) {
    assertThrows(TypeConversionException.class, () -> option.convert(text));
  }
}
