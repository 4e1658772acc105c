package attolytics.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.slf4j.event.Level;

/** Adds its priority in systemd's journal to each line of a log event. */
final class JournalLines extends EncoderBase<ILoggingEvent> {
  private static final Pattern LINE = Pattern.compile("(?md)^(?=.)");

  private final Encoder<ILoggingEvent> lines;

  JournalLines(Encoder<ILoggingEvent> lines) {
    this.lines = lines;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    String text = new String(lines.encode(event), StandardCharsets.UTF_8);
    String priority = Journal.priority(Level.valueOf(event.getLevel().toString()));
    return LINE.matcher(text).replaceAll(priority).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] headerBytes() {
    return lines.headerBytes();
  }

  @Override
  public byte[] footerBytes() {
    return lines.footerBytes();
  }
}
