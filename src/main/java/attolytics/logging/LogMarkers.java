package attolytics.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/** Markers of log events. */
public final class LogMarkers {
  /**
   * A change of state, such as that the database is unreachable, or back. It is always logged at
   * once, never counted as a repeat.
   */
  public static final Marker STATE_CHANGE = MarkerFactory.getMarker("state_change");

  /** The number of repeats that were not printed. */
  public static final Marker SUMMARY = MarkerFactory.getMarker("summary");

  private LogMarkers() {}

  /** Whether an event has the marker. */
  public static boolean has(Marker marker, ILoggingEvent event) {
    return event.getMarkerList() != null && event.getMarkerList().contains(marker);
  }
}
