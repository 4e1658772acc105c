package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class OutcomeTest {
  @Test
  void replayed_repeatsTheAnswer() {
    Outcome replayed = Outcome.replayed("{}");
    assertEquals(Outcome.Kind.REPLAYED, replayed.kind());
    assertEquals("{}", replayed.detail());
  }

  @Test
  void replayed_withAnEmptyAnswer_hasNoDetail() {
    assertSame(Outcome.REPLAYED, Outcome.replayed(null));
  }
}
