package attolytics.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import ch.qos.logback.core.status.ErrorStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;
import org.slf4j.event.KeyValuePair;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Passes the first event of a kind, counts those that follow within a minute, and then logs their
 * number. This bounds the log regardless of what clients or the database do.
 *
 * <p>A {@linkplain LogMarkers#STATE_CHANGE change of state} never counts as a repeat: an outage has
 * to be visible at once.
 *
 * <p>Events are of one kind if they have the same logger, message and arguments; of several
 * arguments, the last one may differ.
 */
public final class RepeatFilter extends Filter<ILoggingEvent> {
  private static final Marker SUMMARY = MarkerFactory.getMarker("summary");
  private static final Duration SWEEP = Duration.ofSeconds(1);

  /** The number of kinds that are distinguished; beyond it, all events of a logger are one kind. */
  private static final int MAX_KINDS = 1_000;

  private record Kind(String logger, String text, List<Object> arguments) {
    static Kind of(ILoggingEvent event) {
      Object[] arguments = event.getArgumentArray();
      if (arguments == null) {
        return new Kind(event.getLoggerName(), event.getMessage(), List.of());
      }
      int compared = arguments.length > 1 ? arguments.length - 1 : arguments.length;
      List<Object> prefix = Arrays.asList(arguments).subList(0, compared);
      return new Kind(event.getLoggerName(), event.getMessage(), prefix);
    }
  }

  private static final class Repeats {
    private final long sinceNanos;
    private int count;
    private @Nullable ILoggingEvent last;

    Repeats(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  private final Map<Kind, Repeats> kinds = new HashMap<>();
  private Duration period = Duration.ofMinutes(1);
  private @Nullable ScheduledFuture<?> sweeps;

  void setPeriod(Duration period) {
    this.period = period;
  }

  @Override
  public void start() {
    super.start();
    sweeps =
        getContext()
            .getScheduledExecutorService()
            .scheduleWithFixedDelay(
                this::sweep, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** An exception would end the periodic task. */
  private void sweep() {
    try {
      summarize(System.nanoTime() - period.toNanos());
    } catch (RuntimeException | Error e) {
      getStatusManager().add(new ErrorStatus("Cannot log repeated events", this, e));
    }
  }

  /** Logs what has been counted so far. */
  @Override
  public void stop() {
    if (sweeps != null) {
      sweeps.cancel(false);
    }
    summarize(System.nanoTime());
    super.stop();
  }

  @Override
  public FilterReply decide(ILoggingEvent event) {
    if (!event.getLevel().isGreaterOrEqual(Level.INFO)
        || has(SUMMARY, event)
        || has(LogMarkers.STATE_CHANGE, event)) {
      return FilterReply.NEUTRAL;
    }
    return isRepeat(event) ? FilterReply.DENY : FilterReply.NEUTRAL;
  }

  private static boolean has(Marker marker, ILoggingEvent event) {
    return event.getMarkerList() != null && event.getMarkerList().contains(marker);
  }

  private synchronized boolean isRepeat(ILoggingEvent event) {
    Kind kind = Kind.of(event);
    Repeats repeats = kinds.get(kind);
    if (repeats == null && kinds.size() >= MAX_KINDS) {
      kind = new Kind(event.getLoggerName(), "", List.of());
      repeats = kinds.get(kind);
    }
    if (repeats == null) {
      kinds.put(kind, new Repeats(System.nanoTime()));
      return false;
    }
    repeats.count++;
    repeats.last = event;
    return true;
  }

  /** Removes the kinds that began before a time, and logs their repeats. */
  private void summarize(long beforeNanos) {
    endPeriods(beforeNanos).forEach(this::summarize);
  }

  private synchronized List<Repeats> endPeriods(long beforeNanos) {
    List<Repeats> ended = new ArrayList<>();
    Iterator<Repeats> all = kinds.values().iterator();
    while (all.hasNext()) {
      Repeats repeats = all.next();
      if (repeats.sinceNanos - beforeNanos <= 0) {
        ended.add(repeats);
        all.remove();
      }
    }
    return ended;
  }

  private void summarize(Repeats repeats) {
    ILoggingEvent last = repeats.last;
    if (last == null) {
      return;
    }
    LoggingEventBuilder line =
        ((LoggerContext) getContext())
            .getLogger(last.getLoggerName())
            .atLevel(org.slf4j.event.Level.valueOf(last.getLevel().toString()))
            .addMarker(SUMMARY);
    if (last.getKeyValuePairs() != null) {
      for (KeyValuePair pair : last.getKeyValuePairs()) {
        line = line.addKeyValue(pair.key, pair.value);
      }
    }
    line.addKeyValue("repeats", repeats.count)
        .log(
            "{} ({} more within {} s)",
            last.getFormattedMessage(),
            repeats.count,
            1 + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - repeats.sinceNanos));
  }
}
