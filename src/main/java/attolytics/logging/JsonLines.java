package attolytics.logging;

import attolytics.settings.Redaction;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.slf4j.event.KeyValuePair;

/**
 * Formats a log event as a JSON object on a line: {@code time}, {@code level}, {@code logger},
 * {@code message}, key-value pairs, {@code exception}, and {@code stack} if enabled. Passwords are
 * removed.
 */
final class JsonLines extends EncoderBase<ILoggingEvent> {
  private static final JsonFactory JSON = new JsonFactory();

  private final boolean stackTraces;

  JsonLines(boolean stackTraces) {
    this.stackTraces = stackTraces;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("time", event.getInstant().toString());
      json.writeStringField("level", event.getLevel().toString());
      json.writeStringField("logger", event.getLoggerName());
      json.writeStringField("message", Redaction.redact(event.getFormattedMessage()));
      if (event.getKeyValuePairs() != null) {
        for (KeyValuePair pair : event.getKeyValuePairs()) {
          json.writeStringField(pair.key, Redaction.redact(String.valueOf(pair.value)));
        }
      }
      if (event.getThrowableProxy() != null) {
        json.writeStringField("exception", TextLines.summary(event.getThrowableProxy()));
      }
      if (stackTraces && event.getThrowableProxy() != null) {
        String stack = ThrowableProxyUtil.asString(event.getThrowableProxy());
        json.writeStringField("stack", Redaction.redact(stack));
      }
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }
}
