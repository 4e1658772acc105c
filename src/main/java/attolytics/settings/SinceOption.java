package attolytics.settings;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an instant: an RFC 3339 date-time, or a duration that has passed since. */
public final class SinceOption implements ITypeConverter<Instant> {
  private final InstantSource clock;

  /** By the system clock. */
  public SinceOption() {
    this(InstantSource.system());
  }

  SinceOption(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * @throws TypeConversionException if the text is neither
   */
  @Override
  public Instant convert(String text) {
    try {
      return OffsetDateTime.parse(text.strip().replaceFirst("(?<=^\\S{10}) ", "T")).toInstant();
    } catch (DateTimeException e) {
      return ago(text);
    }
  }

  private Instant ago(String text) {
    try {
      return clock.instant().minus(new DurationOption().convert(text));
    } catch (TypeConversionException e) {
      throw new TypeConversionException(
          "'%s' is neither a date-time such as 2026-01-31T12:00:00Z nor a duration such as 2h"
              .formatted(text));
    }
  }
}
