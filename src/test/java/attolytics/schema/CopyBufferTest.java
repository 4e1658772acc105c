package attolytics.schema;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CopyBufferTest {
  /** Each is the first to find the buffer full at one of the capacities. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 18, 19, 22, 26, 27, 40})
  void put_growsFromAnyCapacity(int capacity) {
    CopyBuffer buffer = new CopyBuffer(capacity, 1000);

    buffer.putByte(0x1FF);
    buffer.putShort(0x1_0203);
    buffer.putInt(0x04050607);
    buffer.putByte(8);
    buffer.putLong(0x090A0B0C0D0E0F10L);
    buffer.put(new byte[] {1, 2, 3, 4}, 1, 2);
    buffer.putNull();
    assertTrue(buffer.putText("xäy".toCharArray(), 1, 2));

    assertArrayEquals(
        new byte[] {
          -1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          9,
          10,
          11,
          12,
          13,
          14,
          15,
          16,
          2,
          3,
          -1,
          -1,
          -1,
          -1,
          0,
          0,
          0,
          3,
          (byte) 0xC3,
          (byte) 0xA4,
          'y'
        },
        Arrays.copyOf(buffer.array(), buffer.size()));
  }

  @Test
  void truncate_isWrittenOver() {
    CopyBuffer buffer = new CopyBuffer(8, 100);
    buffer.putInt(7);
    assertFalse(buffer.putText("ab\0".toCharArray(), 0, 3));

    buffer.truncate(4);
    buffer.putShort(1);

    assertArrayEquals(new byte[] {0, 0, 0, 7, 0, 1}, Arrays.copyOf(buffer.array(), buffer.size()));
  }

  @Test
  void limit_canBeReachedButNotPassed() {
    CopyBuffer buffer = new CopyBuffer(2, 9);
    buffer.putLong(1);
    buffer.putByte(2);

    assertThrows(CopyBuffer.LimitExceededException.class, () -> buffer.putByte(3));
    assertThrows(CopyBuffer.LimitExceededException.class, buffer::putNull);

    assertEquals(9, buffer.size());
    assertEquals(9, buffer.capacity());
    assertEquals(2, buffer.array()[8]);
  }

  @ParameterizedTest
  @CsvSource({"sixsix, 6", "äöü, 6", "€€, 6", "😀ab, 6", "'', 0", "aä€😀, 10"})
  void limit_countsTextByItsBytes(String text, int bytes) {
    CopyBuffer justEnough = new CopyBuffer(2, 8 + 4 + bytes);
    justEnough.putLong(0);

    assertTrue(justEnough.putText(text.toCharArray(), 0, text.length()));

    assertArrayEquals(
        text.getBytes(StandardCharsets.UTF_8),
        Arrays.copyOfRange(justEnough.array(), 12, justEnough.size()));
    CopyBuffer tooSmall = new CopyBuffer(2, 4 + bytes - 1);
    assertThrows(
        CopyBuffer.LimitExceededException.class,
        () -> tooSmall.putText(text.toCharArray(), 0, text.length()));
    assertEquals(0, tooSmall.size());
  }
}
