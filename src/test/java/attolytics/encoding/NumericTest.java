package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TypesIT compares the same numbers with PostgreSQL's own. */
class NumericTest {
  private final CopyBuffer out = new CopyBuffer(0, 1 << 20);

  private @Nullable ValueError encode(String json) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    JsonReader reader = new JsonReader();
    reader.open(bytes, 0, bytes.length);
    reader.nextToken();
    return Numeric.encode(reader, out);
  }

  /** The 16-bit words of the field, unsigned, after its size. */
  private String words() {
    ByteBuffer field = ByteBuffer.wrap(out.array(), 0, out.size());
    assertEquals(field.remaining() - Integer.BYTES, field.getInt());
    List<Short> words = new ArrayList<>();
    while (field.hasRemaining()) {
      words.add(field.getShort());
    }
    return words.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  /** The number of digits to the base of 10000, the weight, the sign, the scale, the digits. */
  @ParameterizedTest
  @CsvSource({
    "0, 0 0 0 0",
    "-0, 0 0 0 0",
    "0.00, 0 0 0 2",
    "0e5, 0 0 0 0",
    "0.0e-1, 0 0 0 2",
    "1, 1 0 0 0 1",
    "-1, 1 0 16384 0 1",
    "9999, 1 0 0 0 9999",
    "10000, 1 1 0 0 1",
    "12345, 2 1 0 0 1 2345",
    "120000, 1 1 0 0 12",
    "100000000, 1 2 0 0 1",
    "100000001, 3 2 0 0 1 0 1",
    "1.5, 2 0 0 1 1 5000",
    "1.50, 2 0 0 2 1 5000",
    "-123.456, 2 0 16384 3 123 4560",
    "0.0001, 1 -1 0 4 1",
    "0.00001, 1 -2 0 5 1000",
    "0.1, 1 -1 0 1 1000",
    "0.01, 1 -1 0 2 100",
    "0.001, 1 -1 0 3 10",
    "1e3, 1 0 0 0 1000",
    "1E+4, 1 1 0 0 1",
    "1.50e1, 1 0 0 1 15",
    "1.5e-3, 1 -1 0 4 15",
    "123e-2, 2 0 0 2 1 2300",
    "99999999.99999999, 4 1 0 8 9999 9999 9999 9999"
  })
  void number_isWrittenToTheBaseOf10000(String number, String words) throws IOException {
    assertNull(encode(number));
    assertEquals(words, words());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-0.5", "10", "1E5", "1e+5", "1e-5", "0e0", "0.0e-1", "-12.50"})
  void string_isReadLikeANumber(String number) throws IOException {
    assertNull(encode(number));
    String expected = words();
    out.truncate(0);
    assertNull(encode('"' + number + '"'));
    assertEquals(expected, words());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "-", "+1", "1.", ".5", "-.5", "01", "-01", "00", "1e", "1e+", "1e-", "1.e5", "0x1",
        " 1", "1 ", "NaN", "--1", "1.5.2", "1e5.0", "1a", "1e5a", "e5", "1:", "1/"
      })
  void string_thatIsNoNumber_isRefused(String text) throws IOException {
    assertSame(ValueError.INVALID_NUMBER, encode('"' + text + '"'));
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "null", "[", "{"})
  void otherKinds_areMismatches(String json) throws IOException {
    assertSame(ValueError.TYPE_MISMATCH, encode(json));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e131072", "\"1e131072\"", "1e-16384"})
  void numberBeyondNumeric_isOutOfRange(String json) throws IOException {
    assertSame(ValueError.OUT_OF_RANGE, encode(json));
  }
}
