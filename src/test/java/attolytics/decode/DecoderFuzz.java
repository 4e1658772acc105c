package attolytics.decode;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;

/** {@link Decoder} and {@link Reference} agree on any bytes. */
class DecoderFuzz {
  private final Oracle oracle = new Oracle();

  @FuzzTest
  @DictionaryEntries({
    "\"_t\":\"types\"",
    "\"_t\":\"keys\"",
    "\"numeric\":",
    "\"inet\":",
    "\"string[]\":",
    "::1",
    "\"_t\":\"Sel\\\"ect é~/\"",
    "\"bool\":",
    "\"i32\":",
    "\"i64\":",
    "\"f32\":",
    "\"f64\":",
    "\"string\":",
    "\"timestamp\":",
    "\"date\":",
    "\"uuid\":",
    "\"json\":",
    "true",
    "false",
    "null",
    "\\u0000",
    "\\ud83d\\ude00",
    "\"\\ud800\":",
    "\"\\ufffd\":",
    "1e400",
    "2147483648",
    "9223372036854775808",
    "16383",
    "131072",
    "T23:59:60",
    "+23:59"
  })
  void decode(byte[] body) {
    oracle.check(Oracle.STRICT, body);
    oracle.check(Oracle.LENIENT, body);
  }
}
