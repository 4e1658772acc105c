package attolytics.flush;

import attolytics.buffer.NanoClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A clock that stands still but for {@link #advance}, and runs what is due on the way. */
final class FakeClock implements NanoClock {
  /** More than any test needs: one that does not end fails. */
  private static final int MAX_READINGS = 200_000;

  /** In their order. */
  final List<@Nullable Thread> unparked = new ArrayList<>();

  private record Event(long nanos, long order, Runnable action) {}

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::nanos).thenComparingLong(Event::order));
  private long now =
      TimeUnit.DAYS.toNanos(100); // far from 0, like the time since a machine's start
  private long order;
  private int readings;

  @Override
  public long nanoTime() {
    if (++readings > MAX_READINGS) {
      throw new AssertionError("the clock was read " + readings + " times");
    }
    return now;
  }

  /**
   * The only thread waits, so time passes at once, up to the next event, which may end the wait.
   */
  @Override
  public void parkNanos(long nanos) {
    Event next = events.peek();
    advance(next == null ? nanos : Math.max(0, Math.min(nanos, next.nanos - now)));
  }

  @Override
  public void unpark(@Nullable Thread thread) {
    unparked.add(thread);
  }

  void at(Duration delay, Runnable action) {
    events.add(new Event(now + delay.toNanos(), order++, action));
  }

  void advance(long nanos) {
    long end = now + nanos;
    while (!events.isEmpty() && events.peek().nanos <= end) {
      Event event = events.remove();
      now = Math.max(now, event.nanos);
      event.action.run();
    }
    now = end;
  }
}
