package attolytics.encoding;

/** The beginning of a text for an error message, which may be of any length. */
public final class Excerpt {
  private Excerpt() {}

  /**
   * At most so many characters of the text. If it was cut, the last is an ellipsis; no surrogate
   * pair is cut in two.
   */
  public static String of(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return text;
    }
    int end = maxChars - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }
}
