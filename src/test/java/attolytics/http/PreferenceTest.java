package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.undertow.util.HeaderMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreferenceTest {
  private static HeaderMap headers(String... values) {
    HeaderMap headers = new HeaderMap();
    for (String value : values) {
      headers.add(Preference.PREFER, value);
    }
    return headers;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "handling=lenient | LENIENT",
        "handling=strict | STRICT",
        "Handling = \"Lenient\" | LENIENT",
        "respond-async, wait=10, handling=lenient | LENIENT",
        "return=minimal; foo=\"a, handling=strict\", handling=lenient; bar | LENIENT",
        "handling=lenient, handling=strict | LENIENT",
        ", ,handling=lenient | LENIENT",
      })
  void of_returnsTheFirstPreference(String value, Preference expected) {
    assertEquals(expected, Preference.of(headers(value)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "handling",
        "handling=",
        "handling=loose",
        "nohandling=lenient",
        "x=\"handling=lenient",
        "x; handling=lenient",
        "=handling=lenient"
      })
  void of_ignoresUnknownPreferences(String value) {
    assertNull(Preference.of(headers(value)));
  }

  @Test
  void of_readsAllHeaderLines() {
    assertEquals(Preference.LENIENT, Preference.of(headers("wait=5", "handling=lenient")));
    assertNull(Preference.of(headers()));
  }

  /** The header comes from anybody. */
  @Test
  @Timeout(300)
  void of_takesLinearTime() {
    assertNull(Preference.of(headers("a=\"".repeat(5_000))));
    assertNull(Preference.of(headers(",".repeat(15_000) + "=")));
  }
}
