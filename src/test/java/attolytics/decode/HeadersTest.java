package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class HeadersTest {
  @Test
  void text_isUtf8_orElseLatin1() {
    assertEquals("é", Headers.text("\u00C3\u00A9"));
    assertEquals("Ã", Headers.text("\u00C3"));
    assertEquals("éÃ".length(), Headers.text("\u00E9\u00C3").length());
    assertEquals("a b", Headers.text("a\0b"));
  }
}
