package attolytics.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How a line of the log is written. */
public enum LogFormat {
  /** For people. */
  TEXT,
  /** For programs: an object a line. */
  JSON;

  /** From an option's value. */
  static final class Converter implements ITypeConverter<LogFormat> {
    @Override
    public LogFormat convert(String value) {
      return switch (value) {
        case "text" -> TEXT;
        case "json" -> JSON;
        default -> throw new TypeConversionException("'" + value + "' is neither text nor json");
      };
    }
  }
}
