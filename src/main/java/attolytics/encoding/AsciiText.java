package attolytics.encoding;

/**
 * Text for databases whose encoding does not have every character: in ASCII, the other characters
 * as <code>&#92;uXXXX</code>. JSON means the same as before.
 */
public final class AsciiText {
  private AsciiText() {}

  /** The text without characters that are not in ASCII. */
  public static String escape(String text) {
    return escape(text, "\\u%04x");
  }

  /** The same for the strings of JSON, where the escapes are not to be replaced when it is read. */
  public static String escapeTwice(String json) {
    return escape(json, "\\\\u%04x");
  }

  private static String escape(String text, String format) {
    StringBuilder ascii = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        ascii.append(c);
      } else {
        ascii.append(format.formatted((int) c));
      }
    }
    return ascii.toString();
  }
}
