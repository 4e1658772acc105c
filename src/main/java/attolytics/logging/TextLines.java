package attolytics.logging;

import attolytics.settings.Redaction;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Formats a log event as a line of text: time if enabled, level, simple name of the logger, and
 * message, with line breaks replaced. Of an exception it prints the class and location, because the
 * message may contain data of a client, and the stack trace if enabled. Passwords are removed.
 */
public final class TextLines extends EncoderBase<ILoggingEvent> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", Locale.ROOT)
          .withZone(ZoneId.systemDefault());

  private static final int LEVEL_WIDTH = 6;

  private static final Pattern BREAKS = Pattern.compile("\\s*[\\r\\n\\u0085\\u2028\\u2029]+\\s*");

  private final boolean stackTraces;
  private final boolean time;

  TextLines(boolean stackTraces, boolean time) {
    this.stackTraces = stackTraces;
    this.time = time;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringBuilder text = new StringBuilder(256);
    if (time) {
      TIME.formatTo(event.getInstant(), text);
      text.append(' ');
    }
    String level = event.getLevel().toString();
    text.append(level).append(" ".repeat(LEVEL_WIDTH - level.length()));
    String logger = event.getLoggerName();
    text.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append(": ");
    text.append(message(event)).append('\n');
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null && stackTraces) {
      text.append(Redaction.redact(ThrowableProxyUtil.asString(thrown)));
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** The message in one line, with the class and location of the exception. */
  public static String message(ILoggingEvent event) {
    String message = Redaction.redact(event.getFormattedMessage());
    String line = BREAKS.matcher(message).replaceAll(" ");
    IThrowableProxy thrown = event.getThrowableProxy();
    return thrown == null ? line : line + " (" + summary(thrown) + ")";
  }

  /** The exception's class and location. */
  static String summary(IThrowableProxy thrown) {
    return thrown.getStackTraceElementProxyArray().length == 0
        ? thrown.getClassName()
        : thrown.getClassName()
            + " "
            + thrown.getStackTraceElementProxyArray()[0].getSTEAsString().trim();
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
