package attolytics.metrics;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How the metrics are written. */
public enum MetricsFormat {
  /** Prometheus' own text format. */
  TEXT("text/plain", "0.0.4"),
  OPEN_METRICS("application/openmetrics-text", "1.0.0");

  private final String mediaType;
  private final String version;

  MetricsFormat(String mediaType, String version) {
    this.mediaType = mediaType;
    this.version = version;
  }

  /** For the header of that name. */
  public String contentType() {
    return mediaType + "; version=" + version + "; charset=utf-8";
  }

  /**
   * The format that the client likes best; the plain one if it likes both as much, or neither.
   *
   * @param accept the header {@code Accept}, or null
   * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#name-accept">RFC 9110, Accept</a>
   */
  public static MetricsFormat preferred(@Nullable String accept) {
    return accept != null && OPEN_METRICS.quality(accept) > TEXT.quality(accept)
        ? OPEN_METRICS
        : TEXT;
  }

  /** The weight of the most specific range that includes the format; of two alike, the higher. */
  private double quality(String accept) {
    double quality = 0;
    int specificity = 0;
    for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = range.split(";", -1);
      int specific = specificity(parts);
      if (specific > specificity) {
        specificity = specific;
        quality = weight(parts);
      } else if (specific == specificity && specific > 0) {
        quality = Math.max(quality, weight(parts));
      }
    }
    return quality;
  }

  /** How closely the range describes the format; 0 if it does not include it. */
  private int specificity(String[] range) {
    String type = range[0].trim();
    if (type.equals("*/*")) {
      return 1;
    }
    if (type.equals(mediaType.substring(0, mediaType.indexOf('/')) + "/*")) {
      return 2;
    }
    if (!type.equals(mediaType)) {
      return 0;
    }
    String asked = parameter(range, "version");
    return asked == null ? 3 : asked.equals(version) ? 4 : 0;
  }

  private static double weight(String[] range) {
    String q = parameter(range, "q");
    try {
      return q == null ? 1 : Double.parseDouble(q);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static @Nullable String parameter(String[] range, String name) {
    for (int i = 1; i < range.length; i++) {
      String parameter = range[i].trim();
      if (parameter.startsWith(name + "=")) {
        return parameter.substring(name.length() + 1).replace("\"", "");
      }
    }
    return null;
  }
}
