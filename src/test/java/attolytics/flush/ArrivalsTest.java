package attolytics.flush;

import static attolytics.flush.Batches.acceptedAt;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private final Ring ring = new Ring(8);
  private final Arrivals arrivals = new Arrivals(ring, 0);

  @Test
  void quiet_isADay_beforeAnythingArrived() {
    Batch only = acceptedAt(1_000);
    arrivals.add(List.of(only));
    assertEquals(TimeUnit.DAYS.toNanos(1) + 1_500, arrivals.quietNanos(only, 1_500));
  }

  @Test
  void quiet_isSinceTheLastOtherRequest() {
    Batch first = acceptedAt(1_000);
    Batch second = acceptedAt(1_200);
    Batch third = acceptedAt(1_250);
    arrivals.add(List.of(first, second, third));
    assertEquals(50, arrivals.quietNanos(first, 1_300));
    assertEquals(100, arrivals.quietNanos(third, 1_300));
    arrivals.add(List.of());
    assertEquals(100, arrivals.quietNanos(third, 1_300));
  }

  @Test
  void quiet_isOver_whileARequestWaits() {
    Batch first = acceptedAt(1_000);
    arrivals.add(List.of(first));
    assertFalse(arrivals.areWaiting());
    ring.newConsumer();
    ring.offer(acceptedAt(1_100));
    assertTrue(arrivals.areWaiting());
    assertEquals(0, arrivals.quietNanos(first, 1_300));
  }
}
