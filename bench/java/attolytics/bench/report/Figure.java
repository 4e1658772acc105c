package attolytics.bench.report;

import attolytics.bench.result.Median;
import java.util.Locale;

/** Numbers for people; a dash for what was not measured. */
final class Figure {
  private static final String NONE = "–";

  private Figure() {}

  /**
   * A number.
   *
   * @param format as of {@link String#format}
   */
  static String of(String format, double number) {
    return Double.isNaN(number) ? NONE : String.format(Locale.ROOT, format, number);
  }

  /** A whole number, in groups of three digits. */
  static String whole(double number) {
    return of("%,.0f", number).replace(',', ' ');
  }

  static String range(String format, Median measured) {
    return Double.isNaN(measured.min())
        ? NONE
        : of(format, measured.min()) + " – " + of(format, measured.max());
  }
}
