package attolytics.app;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.regex.Pattern;

/** {@code %line} of {@code logback.xml}: the message, on one line whatever it holds. */
public final class OneLineConverter extends MessageConverter {
  private static final Pattern BREAKS = Pattern.compile("\\s*[\\r\\n\\u0085\\u2028\\u2029]+\\s*");

  @Override
  public String convert(ILoggingEvent event) {
    return BREAKS.matcher(super.convert(event)).replaceAll(" ");
  }
}
