package attolytics.logging;

import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/** What sets a log event apart. */
public final class LogMarkers {
  /**
   * Something is in another state from now on: the database is away, or back. Such an event is
   * always logged, and at once, however many like it came before.
   */
  public static final Marker STATE_CHANGE = MarkerFactory.getMarker("state_change");

  private LogMarkers() {}
}
