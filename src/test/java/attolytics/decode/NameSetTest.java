package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.json.JsonReader;
import attolytics.json.MalformedJsonException;
import attolytics.json.Text;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NameSetTest {
  private final NameSet names = new NameSet();

  private static Text name(String name) throws MalformedJsonException {
    byte[] json = ("  \"" + name + "\": 1").getBytes(StandardCharsets.UTF_8);
    return JsonReader.nameAt(json, 2);
  }

  /** Names with the same hash are among them. The table grows, and is small again for the next. */
  @ParameterizedTest
  @ValueSource(ints = {1, 31, 32, 33, 100, 5_000})
  void add_findsEveryNameThatWasAdded(int count) throws MalformedJsonException {
    for (int event = 0; event < 2; event++) {
      for (int i = 0; i < count; i++) {
        assertTrue(names.add(name("Aa" + i)));
        assertTrue(names.add(name("BB" + i)));
      }
      for (int i = 0; i < count; i++) {
        assertFalse(names.add(name("Aa" + i)));
        assertFalse(names.add(name("BB" + i)));
        assertTrue(names.add(name("C" + i)));
      }
      names.clear();
    }
    assertTrue(names.add(name("Aa0")));
  }
}
