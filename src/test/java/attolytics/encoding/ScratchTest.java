package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class ScratchTest {
  private static final int MAX_KEPT = 1 << 16;

  private final Scratch scratch = new Scratch();

  @Test
  void array_isTheSameAgain_asLongAsItIsLongEnough() {
    byte[] first = scratch.atLeast(100);
    assertEquals(200, first.length);
    assertSame(first, scratch.atLeast(1));
    assertSame(first, scratch.atLeast(200));
    assertEquals(402, scratch.atLeast(201).length);
  }

  @Test
  void longArray_isNotKept() {
    byte[] kept = scratch.atLeast(MAX_KEPT);
    assertEquals(MAX_KEPT, kept.length);
    assertEquals(MAX_KEPT + 1, scratch.atLeast(MAX_KEPT + 1).length);
    assertSame(kept, scratch.atLeast(1));
  }
}
