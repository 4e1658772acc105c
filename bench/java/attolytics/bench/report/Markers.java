package attolytics.bench.report;

/**
 * Text that is made by a program among text that is written by hand. It stands between two lines,
 * which stay:
 *
 * <pre>
 *   &lt;!-- begin name --&gt;
 *   ...
 *   &lt;!-- end name --&gt;
 * </pre>
 */
final class Markers {
  private Markers() {}

  /**
   * The text with other lines between the markers of that name.
   *
   * @throws IllegalArgumentException if they are not there, once and in this order
   */
  static String replace(String text, String name, String lines) {
    String begin = "<!-- begin " + name + " -->\n";
    String end = "<!-- end " + name + " -->\n";
    int from = text.indexOf(begin) + begin.length();
    int to = text.indexOf(end);
    boolean there = text.contains(begin) && to >= from;
    if (!there || text.indexOf(begin, from) >= 0 || text.indexOf(end, to + 1) >= 0) {
      throw new IllegalArgumentException("no place for " + name);
    }
    String padded = lines.isBlank() ? "\n" : "\n" + lines.strip() + "\n\n";
    return text.substring(0, from) + padded + text.substring(to);
  }
}
