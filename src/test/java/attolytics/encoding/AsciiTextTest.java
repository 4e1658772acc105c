package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AsciiTextTest {
  @Test
  void escape_leavesAscii() {
    assertEquals("a\"\\ \u007f", AsciiText.escape("a\"\\ \u007f"));
  }

  @Test
  void escape_writesOtherCharactersInHexadecimal() {
    assertEquals("\\u0080 \\u00e4 \\u20ac", AsciiText.escape("\u0080 ä €"));
    assertEquals("\\ud83d\\ude00", AsciiText.escape("😀"));
  }

  @Test
  void escapeTwice_keepsTheEscapeWhereJsonIsRead() {
    assertEquals("{\"\\\\u00e4\": 1}", AsciiText.escapeTwice("{\"ä\": 1}"));
  }
}
