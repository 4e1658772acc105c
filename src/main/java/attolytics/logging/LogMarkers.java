package attolytics.logging;

import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/** Markers of log events. */
public final class LogMarkers {
  /**
   * A change of state, such as that the database is unreachable, or back. It is always logged at
   * once, never counted as a repeat.
   */
  public static final Marker STATE_CHANGE = MarkerFactory.getMarker("state_change");

  private LogMarkers() {}
}
