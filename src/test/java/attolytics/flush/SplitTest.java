package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.U;
import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import attolytics.buffer.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitTest {
  private static List<Batch> requests(int count) {
    List<Batch> part = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      part.add(batch(T));
    }
    return part;
  }

  /** Asserts that the parts are the requests, in this order, and of these sizes. */
  private static void assertParts(List<Batch> inOrder, String sizes, List<List<Batch>> parts) {
    assertEquals(
        sizes, parts.stream().map(part -> "" + part.size()).collect(Collectors.joining(" ")));
    assertEquals(inOrder, parts.stream().flatMap(List::stream).toList());
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1 1", "5, 3 2", "6, 3 3"})
  void inHalves_keepsTheOrder(int count, String sizes) {
    List<Batch> part = requests(count);
    assertParts(part, sizes, Split.inHalves(part));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "8, 1 1 1 1 1 1 1 1", "9, 2 2 2 2 1", "24, 3 3 3 3 3 3 3 3"})
  void ofSlow_withoutAnotherTable_isUpToEightParts(int count, String sizes) {
    List<Batch> part = requests(count);
    assertParts(part, sizes, Split.ofSlow(part, null));
    assertParts(part, sizes, Split.ofSlow(part, T));
  }

  @Test
  void ofSlow_whereTheTableIsUnknown_isByTable() {
    Batch both = batch(T, U);
    Batch t = batch(T, T);
    Batch u = batch(U);
    Batch secondT = batch(T);
    Batch secondBoth = batch(U, T);
    assertEquals(
        List.of(List.of(both, secondBoth), List.of(t, secondT), List.of(u)),
        Split.ofSlow(List.of(both, t, u, secondT, secondBoth), null));
  }

  @Test
  void ofSlow_whereTheTableIsKnown_isInParts() {
    List<Batch> part = List.of(batch(T), batch(T, U));
    assertParts(part, "1 1", Split.ofSlow(part, T));
  }

  @ParameterizedTest
  @CsvSource({
    // requests, failed, whether others may fail, whether it is the first split, sizes
    "9, 4, false, true, 4 1 4",
    "9, 4, false, false, 4 1 2 2",
    "9, 0, false, true, 1 8",
    "9, 8, false, true, 8 1",
    "1, 0, false, true, 1"
  })
  void around_aRowThatIsInvalid_keepsTheOrder(
      int count, int failed, boolean isTransient, boolean isFirst, String sizes) {
    List<Batch> part = requests(count);
    assertParts(part, sizes, Split.around(part, failed, isTransient, isFirst));
  }

  @ParameterizedTest
  @CsvSource({"true, 1 4 4", "false, 1 2 2 2 2"})
  void around_aRowThatMayBeAcceptedLater_beginsWithIt(boolean isFirst, String sizes) {
    List<Batch> part = requests(9);
    List<Batch> order = new ArrayList<>(part);
    order.add(0, order.remove(4));
    assertParts(order, sizes, Split.around(part, 4, true, isFirst));
  }

  @Test
  void without_keepsTheOthersInTheirOrder() {
    List<Batch> part = requests(3);
    assertEquals(
        List.of(part.get(0), part.get(2)), Split.without(part, batch -> batch == part.get(1)));
  }

  @Test
  void onlyTable_isThatOfAllRows() {
    assertSame(T, Split.onlyTable(List.of(batch(T, T), batch(T))));
    assertNull(Split.onlyTable(List.of(batch(T, U))));
    assertNull(Split.onlyTable(List.of(batch(T), batch(U))));
    assertNull(Split.onlyTable(List.of(batch())));
  }
}
