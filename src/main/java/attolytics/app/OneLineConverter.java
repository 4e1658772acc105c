package attolytics.app;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import java.util.regex.Pattern;

/**
 * {@code %line} of {@code logback.xml}: the message, on one line whatever it holds, and of an
 * exception the kind and the place. Its own words may be those of a client.
 */
public final class OneLineConverter extends MessageConverter {
  private static final Pattern BREAKS = Pattern.compile("\\s*[\\r\\n\\u0085\\u2028\\u2029]+\\s*");

  @Override
  public String convert(ILoggingEvent event) {
    String line = BREAKS.matcher(super.convert(event)).replaceAll(" ");
    IThrowableProxy thrown = event.getThrowableProxy();
    return thrown == null ? line : line + " (" + summary(thrown) + ")";
  }

  static String summary(IThrowableProxy thrown) {
    return thrown.getStackTraceElementProxyArray().length == 0
        ? thrown.getClassName()
        : thrown.getClassName()
            + " "
            + thrown.getStackTraceElementProxyArray()[0].getSTEAsString().trim();
  }
}
