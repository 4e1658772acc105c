package attolytics.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import ch.qos.logback.core.status.ErrorStatus;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Passes the first event of a kind, counts those that follow within a minute, and then logs their
 * number, and when the last one was. This bounds the log regardless of what clients or the database
 * do.
 *
 * <p>A {@linkplain LogMarkers#STATE_CHANGE change of state} never counts as a repeat: an outage has
 * to be visible at once.
 *
 * @see EventKind
 */
public final class RepeatFilter extends Filter<ILoggingEvent> {
  private static final Duration SWEEP = Duration.ofSeconds(1);

  private static final DateTimeFormatter TIME_OF_DAY =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

  /** The number of kinds that are distinguished; beyond it, all events of a logger are one kind. */
  private static final int MAX_KINDS = 1_000;

  private static final class Repeats {
    private final long sinceNanos;
    private int count;
    private @Nullable ILoggingEvent last;

    Repeats(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  private final Map<EventKind, Repeats> kinds = new HashMap<>();
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
        || LogMarkers.has(LogMarkers.SUMMARY, event)
        || LogMarkers.has(LogMarkers.STATE_CHANGE, event)) {
      return FilterReply.NEUTRAL;
    }
    return isRepeat(event) ? FilterReply.DENY : FilterReply.NEUTRAL;
  }

  private synchronized boolean isRepeat(ILoggingEvent event) {
    EventKind kind = EventKind.of(event);
    Repeats repeats = kinds.get(kind);
    if (repeats == null && kinds.size() >= MAX_KINDS) {
      kind = new EventKind(event.getLoggerName(), "", List.of());
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
            .addMarker(LogMarkers.SUMMARY);
    if (last.getKeyValuePairs() != null) {
      for (KeyValuePair pair : last.getKeyValuePairs()) {
        line = line.addKeyValue(pair.key, pair.value);
      }
    }
    line.addKeyValue("repeats", repeats.count)
        .addKeyValue("last", last.getInstant())
        .log(
            "{} more until {}: {}",
            repeats.count,
            TIME_OF_DAY.format(last.getInstant()),
            last.getFormattedMessage());
  }
}
