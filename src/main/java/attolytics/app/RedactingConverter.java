package attolytics.app;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.CompositeConverter;

/** {@code %redact(...)} of {@code logback.xml}: a library's words may hold the database's URL. */
public final class RedactingConverter extends CompositeConverter<ILoggingEvent> {
  @Override
  protected String transform(ILoggingEvent event, String text) {
    return DatabaseUrl.redact(text);
  }
}
