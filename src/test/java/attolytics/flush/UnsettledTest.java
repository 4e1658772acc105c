package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnsettledTest {
  private final List<String> told = new ArrayList<>();
  private final Unsettled unsettled = new Unsettled();

  private void accept(Batch batch, String name) {
    batch.accept(outcome -> told.add(name + " " + outcome.kind()), 0);
  }

  private Batch add(String name) {
    Batch batch = new Batch(100);
    accept(batch, name);
    unsettled.makeRoom();
    unsettled.add(batch);
    return batch;
  }

  @Test
  void settle_tellsWhoStillWaits() {
    Batch first = add("first");
    add("second");
    first.settle(Outcome.STORED);
    unsettled.settle(Outcome.UNKNOWN);
    unsettled.settle(Outcome.UNKNOWN);
    assertEquals(List.of("first STORED", "second UNKNOWN"), told);
  }

  @Test
  void settle_leavesAloneWhatIsAnotherRequestsByNow() {
    Batch batch = add("first");
    batch.settle(Outcome.STORED);
    accept(batch, "later");
    unsettled.settle(Outcome.UNKNOWN);
    assertEquals(List.of("first STORED"), told);
  }

  @Test
  void settle_tellsAll_evenIfOneCannotBeTold() {
    Batch bad = add("bad");
    bad.accept(
        outcome -> {
          throw new IllegalStateException("of the test");
        },
        0);
    unsettled.clear();
    unsettled.makeRoom();
    unsettled.add(bad);
    add("good");
    unsettled.settle(Outcome.UNKNOWN);
    assertEquals(List.of("good UNKNOWN"), told);
  }

  @Test
  void forgetSettled_keepsTheOthers() {
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      batches.add(add("r" + i));
    }
    for (int i = 0; i < 3000; i++) {
      if (i != 7 && i != 2999) {
        batches.get(i).settle(Outcome.STORED);
      }
    }
    told.clear();
    unsettled.forgetSettled();
    unsettled.settle(Outcome.UNKNOWN);
    assertEquals(List.of("r7 UNKNOWN", "r2999 UNKNOWN"), told);
  }
}
