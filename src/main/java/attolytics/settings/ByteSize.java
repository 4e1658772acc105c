package attolytics.settings;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses a size in bytes, with or without a unit: {@code 1048576}, {@code 64MiB}. */
final class ByteSize implements ITypeConverter<Long> {
  private static final Pattern FORM = Pattern.compile("(\\d+) ?([a-zA-Z]*)");

  /**
   * @return bytes
   * @throws TypeConversionException if the text is not a size, or one beyond 64 bits
   */
  @Override
  public Long convert(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    long unit = matcher.matches() ? unit(matcher.group(2)) : 0;
    if (unit == 0) {
      throw new TypeConversionException(
          "'%s' is not a size such as 1048576, 64KiB, 64MiB, 1GiB or 10MB".formatted(text));
    }
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    } catch (ArithmeticException | NumberFormatException e) {
      throw new TypeConversionException("'%s' is too large".formatted(text));
    }
  }

  /** The bytes of a unit, or 0 for an unknown one. */
  private static long unit(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "", "b" -> 1;
      case "k", "kib" -> 1L << 10;
      case "m", "mib" -> 1L << 20;
      case "g", "gib" -> 1L << 30;
      case "kb" -> 1_000;
      case "mb" -> 1_000_000;
      case "gb" -> 1_000_000_000;
      default -> 0;
    };
  }
}
