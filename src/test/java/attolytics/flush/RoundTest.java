package attolytics.flush;

import static attolytics.flush.Batches.T;
import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundTest {
  private final Round round = new Round(Round.Kind.RETRY, 3);
  private final List<Batch> first = List.of(batch(T));
  private final List<Batch> second = List.of(batch(T));

  @Test
  void parts_areTakenInOrder_newOnesFirst() {
    round.push(List.of());
    assertTrue(round.isEmpty());
    round.push(List.of(batch(T)));
    round.pushAll(List.of(first, second));
    assertSame(first, round.pop().batches());
    assertSame(second, round.pop().batches());
    assertEquals(1, round.takeRest().size());
    assertTrue(round.isEmpty());
  }

  @Test
  void part_thatMayBeCommitted_orNeedsItsInsert_isUnfinished() {
    assertFalse(round.isNextUnfinished());
    round.push(first);
    assertFalse(round.isNextUnfinished());
    round.pushByInsert(first);
    assertTrue(round.isNextUnfinished());
    assertTrue(round.pop().byInsert());
    FlushException failure = new FlushException(Stage.COMMIT, new SQLException("lost"));
    round.pushUnconfirmed(second, failure, 7);
    assertTrue(round.isNextUnfinished());
    Round.Part part = round.pop();
    assertSame(failure, part.unconfirmed());
    assertEquals(7, part.startNanos());
    assertFalse(part.byInsert());
    assertFalse(round.isNextUnfinished());
  }

  @Test
  void counters_beginAtZero() {
    assertEquals(Round.Kind.RETRY, round.kind());
    assertEquals(3, round.tries());
    assertEquals(0, round.timeouts());
    round.countTimeout();
    assertEquals(1, round.timeouts());
    assertFalse(round.isSplit());
    assertEquals(0, round.countSplit());
    assertEquals(1, round.countSplit());
    assertTrue(round.isSplit());
    assertEquals(0, round.countKeySearch());
    assertEquals(1, round.countKeySearch());
  }
}
