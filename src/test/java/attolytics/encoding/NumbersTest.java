package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TypesIT checks the same limits in PostgreSQL. */
public class NumbersTest {
  @ParameterizedTest
  @CsvSource({
    "0, true",
    "-0.0, true",
    "1.50, true",
    "1e131071, true",
    "1e131072, false",
    "-1E+131071, true",
    "-1E+131072, false",
    "0.1e131072, true",
    "0.1e131073, false",
    "0.001e131074, true",
    "0.001e131075, false",
    "999e131069, true",
    "999e131070, false",
    "1e-16383, true",
    "1e-16384, false",
    "1.0e-16382, true",
    "1.0e-16383, false",
    "10e-16384, false",
    "0e-16384, false",
    "0e131072, true",
    "0e999999999, true",
    "0e1000000000, false",
    "0e-1000000000, false",
    "0e99999999999999999999, false",
    "1e-99999999999999999999, false"
  })
  void fitsNumeric_atTheLimits(String number, boolean fits) {
    assertFits(fits, number);
  }

  @Test
  void fitsNumeric_countsWrittenDigits() {
    assertFits(true, "9".repeat(131_072));
    assertFits(false, "9".repeat(131_073));
    assertFits(true, "-" + "9".repeat(131_072) + "." + "9".repeat(16_383));
    assertFits(false, "0." + "0".repeat(16_384));
    assertFits(true, "0." + "0".repeat(20_000) + "1e20001");
    assertFits(true, "1" + "0".repeat(131_073) + "e-16383");
    assertFits(false, "1" + "0".repeat(200_000) + "e-16383");
  }

  @ParameterizedTest
  @CsvSource({
    "'', 0, false",
    "1, 1, true",
    "15, 1, true",
    "1.5, 1, true",
    "1.5, 2, false",
    "1e5, 1, true",
    "1e5, 2, false",
    "1e, 2, false",
    "1e+5, 3, false",
    "-1, 1, false"
  })
  void isNumber_readsNoFurtherThanTheEnd(String text, int end, boolean isNumber) {
    assertEquals(isNumber, Numbers.isNumber(text.getBytes(StandardCharsets.US_ASCII), 0, end));
  }

  private static void assertFits(boolean fits, String number) {
    byte[] text = ("9" + number + "9").getBytes(StandardCharsets.US_ASCII);
    assertEquals(fits, Numbers.fitsNumeric(text, 1, number.length()));
  }
}
