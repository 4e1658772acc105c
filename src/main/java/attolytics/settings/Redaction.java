package attolytics.settings;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Removes passwords from texts that may quote a database URL, such as messages of the driver. Errs
 * on the side of removing too much.
 */
public final class Redaction {
  private static final Pattern CREDENTIALS =
      Pattern.compile("([a-zA-Z:]+://)?[^\\s'\"@]*:(?!//)[^\\s'\"]*@");
  private static final Pattern PASSWORD_PARAMETER =
      Pattern.compile("(password=)[^&\\s'\"]*", Pattern.CASE_INSENSITIVE);
  private static final Pattern WHOLE_PASSWORD =
      Pattern.compile("^(?:[^:]*://)?[^:]*(:.*@)", Pattern.DOTALL);
  private static final Pattern WHOLE_PASSWORD_PARAMETER =
      Pattern.compile("(password=)[^&]+", Pattern.CASE_INSENSITIVE);

  private Redaction() {}

  /** Replaces what looks like the user and password of a URL, or like a password parameter. */
  public static String redact(String text) {
    String redacted = CREDENTIALS.matcher(text).replaceAll("$1***@");
    return PASSWORD_PARAMETER.matcher(redacted).replaceAll("$1***");
  }

  /**
   * Does the same for a text that may quote one of the given values, each of which may be a URL
   * whose password contains any characters: spaces, quotes, at signs.
   */
  public static String redact(String text, Iterable<String> given) {
    String redacted = text;
    for (String url : given) {
      Matcher password = WHOLE_PASSWORD.matcher(url);
      if (password.find()) {
        redacted = redacted.replace(password.group(1), ":***@");
      }
      Matcher parameter = WHOLE_PASSWORD_PARAMETER.matcher(url);
      while (parameter.find()) {
        redacted = redacted.replace(parameter.group(), parameter.group(1) + "***");
      }
      int at = url.lastIndexOf('@');
      if (at > 0 && url.indexOf(':') < 0) { // the rest of a password that a space has cut in two
        redacted = redacted.replace(url, "***" + url.substring(at));
      }
    }
    return redact(redacted);
  }
}
