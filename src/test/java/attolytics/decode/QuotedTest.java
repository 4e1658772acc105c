package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class QuotedTest {
  @Test
  void cut_keepsUpTo64Characters() {
    String longest = "x".repeat(64);
    assertEquals(longest, Quoted.cut(longest));
    assertEquals("x".repeat(63) + "…", Quoted.cut("x".repeat(65)));
  }

  @Test
  void cut_leavesNoHalfOfACharacter() {
    assertEquals("x".repeat(62) + "…", Quoted.cut("x".repeat(62) + "😀😀"));
    assertEquals("x".repeat(62) + "…", Quoted.cut("x".repeat(62) + "😀y"));
    assertEquals("x".repeat(61) + "😀…", Quoted.cut("x".repeat(61) + "😀😀"));
  }
}
