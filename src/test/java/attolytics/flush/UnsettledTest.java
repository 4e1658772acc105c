package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** As many as there is room for without another array. */
  @Test
  void settle_answersAll_ifAllRoomIsTaken() {
    for (int i = 0; i < 1024; i++) {
      add("r" + i);
    }
    unsettled.forgetSettled();
    unsettled.settle(Outcome.UNKNOWN);
    assertEquals(1024, told.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"forgetSettled", "clear", "settle"})
  @Timeout(300)
  void whatIsForgotten_isGarbage(String how) {
    WeakReference<Batch> batch = new WeakReference<>(add("first"));
    WeakReference<Ack> ack = new WeakReference<>(Objects.requireNonNull(batch.get()).ack());
    if (how.equals("forgetSettled")) {
      Objects.requireNonNull(batch.get()).settle(Outcome.STORED);
      unsettled.forgetSettled();
    } else if (how.equals("clear")) {
      unsettled.clear();
    } else {
      unsettled.settle(Outcome.UNKNOWN);
    }
    while (batch.get() != null || ack.get() != null) {
      System.gc();
    }
  }
}
