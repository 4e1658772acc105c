package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
    buffer.putField("xäy".getBytes(StandardCharsets.UTF_8), 1, 3);

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
  void truncate_discardsTheRest() {
    CopyBuffer buffer = new CopyBuffer(8, 100);
    buffer.putInt(7);
    buffer.putLong(8);

    buffer.truncate(4);
    buffer.putShort(1);

    assertArrayEquals(new byte[] {0, 0, 0, 7, 0, 1}, Arrays.copyOf(buffer.array(), buffer.size()));
  }

  @Test
  void limit_canBeReachedButNotExceeded() {
    CopyBuffer buffer = new CopyBuffer(2, 9);
    buffer.putLong(1);
    buffer.putByte(2);

    assertThrows(CopyBuffer.LimitExceededException.class, () -> buffer.putByte(3));
    assertThrows(CopyBuffer.LimitExceededException.class, buffer::putNull);

    assertEquals(9, buffer.size());
    assertEquals(9, buffer.capacity());
    assertEquals(2, buffer.array()[8]);
  }

  @Test
  void fields_startWithTheirLength() {
    CopyBuffer buffer = new CopyBuffer(0, 100);
    buffer.putField1(0x1FE);
    buffer.putField4(-2);
    buffer.putField8(-2);
    buffer.putField(new byte[] {'a', 'b', 'c'}, 1, 1);
    buffer.putField(new byte[0], 0, 0);
    buffer.putNull();
    ByteBuffer expected = ByteBuffer.allocate(38);
    expected.putInt(1).put((byte) -2).putInt(4).putInt(-2).putInt(8).putLong(-2);
    expected.putInt(1).put((byte) 'b').putInt(0).putInt(-1);
    assertArrayEquals(expected.array(), Arrays.copyOf(buffer.array(), buffer.size()));
  }

  @Test
  void capacity_doesNotGrow_beforeItIsExceeded() {
    CopyBuffer buffer = new CopyBuffer(4, 100);
    buffer.putInt(1);
    assertEquals(4, buffer.capacity());
    buffer.putByte(1);
    assertEquals(8, buffer.capacity());
  }

  @Test
  void growth_isSmaller_whereMemoryIsShort() {
    List<Integer> asked = new ArrayList<>();
    CopyBuffer buffer =
        new CopyBuffer(
            64,
            1000,
            bytes -> {
              asked.add(bytes);
              return bytes <= 8;
            });
    buffer.put(new byte[64], 0, 64);
    buffer.putByte(1);
    assertEquals(72, buffer.capacity());
    assertEquals(List.of(64, 8), asked, "twice as large, or by an eighth");
    asked.clear();
    CopyBuffer.LimitExceededException refused =
        assertThrows(
            CopyBuffer.LimitExceededException.class, () -> buffer.put(new byte[64], 0, 64));
    assertTrue(refused.isTemporary());
    assertEquals(List.of(72, 57), asked);
    assertEquals(65, buffer.size());
  }

  @Test
  void limit_isNoMatterOfTheMemory() {
    CopyBuffer buffer = new CopyBuffer(0, 4, bytes -> false);
    CopyBuffer.LimitExceededException refused =
        assertThrows(CopyBuffer.LimitExceededException.class, () -> buffer.putLong(1));
    assertFalse(refused.isTemporary());
  }
}
