package attolytics.settings;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the number of writers, or {@code auto}: as many as this machine can keep busy. */
final class WriterCount implements ITypeConverter<Integer> {
  private static final String AUTO = "auto";

  /** More writers than that gain little without tuning for a certain database. */
  private static final int MOST_BY_ITSELF = 4;

  @Override
  public Integer convert(String text) {
    if (text.strip().equalsIgnoreCase(AUTO)) {
      return auto();
    }
    try {
      return Integer.valueOf(text.strip());
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'%s' is not a whole number or auto".formatted(text));
    }
  }

  /** One per processor, as the database needs about as much processor time as the service. */
  static int auto() {
    return Math.min(MOST_BY_ITSELF, Runtime.getRuntime().availableProcessors());
  }
}
