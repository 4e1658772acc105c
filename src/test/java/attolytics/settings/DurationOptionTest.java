package attolytics.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DurationOptionTest {
  private final DurationOption duration = new DurationOption();

  @ParameterizedTest
  @CsvSource({
    "500us, PT0.0005S",
    "500\u00b5s, PT0.0005S",
    "5ms, PT0.005S",
    "30s, PT30S",
    "1.5s, PT1.5S",
    "0.25 h, PT15M",
    "5m, PT5M",
    "5MIN, PT5M",
    "2h, PT2H",
    "7d, PT168H",
    "36500d, PT876000H"
  })
  void convert_readsWhatPeopleWrite(String text, Duration expected) {
    assertEquals(expected, duration.convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "s", "-5s", "5 weeks", "1e3s", ".5s", "5s5s", "measured"})
  void convert_refusesWhatIsNoDuration(String text) {
    var e = assertThrows(TypeConversionException.class, () -> duration.convert(text));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("'" + text + "' is not a duration such as"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"36501d", "999999999999999999d"})
  void convert_refusesWhatANanosecondClockCannotHold(String text) {
    var e = assertThrows(TypeConversionException.class, () -> duration.convert(text));
    assertEquals("'" + text + "' is longer than a hundred years", e.getMessage());
  }

  @Test
  void convertOrMeasured_readsMeasuredAsNull() {
    var orMeasured = new DurationOption.OrMeasured();
    assertNull(orMeasured.convert("Measured"));
    assertEquals(Duration.ofMillis(5), orMeasured.convert("5ms"));
  }
}
