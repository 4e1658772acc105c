package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.stream.Stream;
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

  @Test
  void repeats_areDecidedByTheirKey() {
    List<Outcome.Kind> ofKey =
        Stream.of(Outcome.Kind.values()).filter(Outcome.Kind::isOfKey).toList();
    assertEquals(
        List.of(Outcome.Kind.REPLAYED, Outcome.Kind.KEY_REUSED, Outcome.Kind.KEY_UNKNOWN), ofKey);
  }
}
