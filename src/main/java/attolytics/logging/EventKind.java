package attolytics.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.Arrays;
import java.util.List;

/**
 * What log events have in common that count as repeats of each other: logger, message and
 * arguments; of several arguments, the last one may differ.
 */
public record EventKind(String logger, String text, List<Object> arguments) {
  /** The kind of an event. */
  public static EventKind of(ILoggingEvent event) {
    Object[] arguments = event.getArgumentArray();
    if (arguments == null) {
      return new EventKind(event.getLoggerName(), event.getMessage(), List.of());
    }
    int compared = arguments.length > 1 ? arguments.length - 1 : arguments.length;
    List<Object> prefix = Arrays.asList(arguments).subList(0, compared);
    return new EventKind(event.getLoggerName(), event.getMessage(), prefix);
  }
}
