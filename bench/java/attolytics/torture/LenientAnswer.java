package attolytics.torture;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request that was handled leniently.
 *
 * @param codes why events are in quarantine, by their places in the request
 */
record LenientAnswer(int stored, int duplicates, int quarantined, Map<Integer, String> codes) {
  private static final Pattern COUNTS =
      Pattern.compile(
          "\\{\"stored\":(\\d+),\"duplicates\":(\\d+),\"quarantined\":(\\d+),\"errors\":\\[.*\\]\\}");

  private static final Pattern ERROR =
      Pattern.compile(
          "\\{\"event\":(\\d+),\"pointer\":\"/events/(\\d+)[^\"]*\",\"code\":\"([a-z_]+)\"");

  /** The answer with that body, or null if it is none. */
  static @Nullable LenientAnswer parse(String body) {
    Matcher counts = COUNTS.matcher(body);
    if (!counts.matches()) {
      return null;
    }
    Map<Integer, String> codes = new TreeMap<>();
    Matcher error = ERROR.matcher(body);
    while (error.find()) {
      if (error.group(1).equals(error.group(2))) {
        codes.put(Integer.valueOf(error.group(1)), error.group(3));
      }
    }
    return new LenientAnswer(number(counts, 1), number(counts, 2), number(counts, 3), codes);
  }

  private static int number(Matcher counts, int group) {
    return Integer.parseInt(counts.group(group));
  }
}
