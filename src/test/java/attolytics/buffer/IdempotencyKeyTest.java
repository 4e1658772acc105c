package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IdempotencyKeyTest {
  private static IdempotencyKey key(String app, String key, int... fingerprint) {
    byte[] bytes = new byte[fingerprint.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) fingerprint[i];
    }
    return new IdempotencyKey(app, key, bytes);
  }

  @Test
  void equals_isForAppAndKey_whateverTheBody() {
    IdempotencyKey key = key("a", "k", 1);
    assertEquals(key, key("a", "k", 2));
    assertEquals(key.hashCode(), key("a", "k", 2).hashCode());
    assertNotEquals(key, key("b", "k", 1));
    assertNotEquals(key, key("a", "l", 1));
    assertNotEquals(key.hashCode(), key("a", "l", 1).hashCode());
    assertFalse(key.equals((Object) "k"));
  }

  @Test
  void sameRequest_comparesFingerprints() {
    assertTrue(key("a", "k", 1, 2).sameRequest(key("a", "k", 1, 2)));
    assertFalse(key("a", "k", 1, 2).sameRequest(key("a", "k", 1, 3)));
  }

  @Test
  void order_isByAppAndThenByKey() {
    assertEquals(
        List.of(key("a", "k"), key("a", "l"), key("b", "a"), key("b", "k")),
        Stream.of(key("b", "k"), key("a", "l"), key("b", "a"), key("a", "k")).sorted().toList());
  }
}
