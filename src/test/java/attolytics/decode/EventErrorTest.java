package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class EventErrorTest {
  private static int heapBytes(String pointer, String detail, String reason) {
    return new EventError(0, pointer, "code", detail, reason, null).heapBytes();
  }

  /** Two bytes a character, as it may not be in Latin-1. */
  @Test
  void heapBytes_areThoseOfItsTexts() {
    int least = heapBytes("", "", "");
    assertEquals(128, least);
    assertEquals(least + 20, heapBytes("0123456789", "", ""));
    assertEquals(least + 20, heapBytes("", "0123456789", ""));
    assertEquals(least + 20, heapBytes("", "", "0123456789"));
    assertEquals(least + 60, heapBytes("0123456789", "0123456789", "0123456789"));
  }
}
