package attolytics.http;

import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a client prefers its invalid events to be handled.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7240">RFC 7240, Prefer Header for HTTP</a>
 */
enum Preference {
  LENIENT,
  STRICT;

  static final HttpString PREFER = new HttpString("Prefer");
  static final HttpString APPLIED = new HttpString("Preference-Applied");

  /** A preference with its value; parameters follow after semicolons, other preferences commas. */
  private static final Pattern ITEM =
      Pattern.compile(
          "\\G[\\s,]*([^\\s=;,\"]+)(?:\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*+)\"|([^\\s;,\"]*)))?"
              + "((?:[^,\"]|\"(?:[^\"\\\\]|\\\\.)*+\")*+)");

  /** The preference that the headers state first, or null if they state none that is known. */
  static @Nullable Preference of(HeaderMap headers) {
    if (!headers.contains(PREFER)) {
      return null;
    }
    for (String value : headers.get(PREFER)) {
      Matcher item = ITEM.matcher(value);
      while (item.find()) {
        if (item.group(1).equalsIgnoreCase("handling")) {
          return named(item.group(2) != null ? item.group(2) : item.group(3));
        }
      }
    }
    return null;
  }

  private static @Nullable Preference named(@Nullable String value) {
    return switch (value == null ? "" : value.toLowerCase(Locale.ROOT)) {
      case "lenient" -> LENIENT;
      case "strict" -> STRICT;
      default -> null;
    };
  }
}
