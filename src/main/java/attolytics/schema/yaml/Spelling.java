package attolytics.schema.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Suggests a known name for a misspelt one. */
public final class Spelling {
  /** The maximum edit distance of a suggestion. */
  private static final int MAX_EDITS = 2;

  private Spelling() {}

  /** The end of a sentence: the nearest known name, or else all of them. */
  static String suggestion(String given, Collection<String> known) {
    return nearest(given, known)
        .map(name -> "; did you mean `" + name + "`?")
        .orElseGet(() -> ", expected " + oneOf(known));
  }

  /** The known name that was most likely meant, if one is near. */
  public static Optional<String> nearest(String given, Collection<String> known) {
    String folded = fold(given);
    return known.stream()
        .filter(name -> edits(folded, fold(name)) <= Math.min(MAX_EDITS, name.length() / 2))
        .min(Comparator.comparingInt(name -> edits(folded, fold(name))));
  }

  private static String oneOf(Collection<String> known) {
    return (known.size() == 1 ? "" : "one of ")
        + known.stream().map(Problems::quoted).collect(Collectors.joining(", "));
  }

  private static String fold(String name) {
    return name.toLowerCase(Locale.ROOT).replace('-', '_');
  }

  /** The Levenshtein distance, exact up to {@link #MAX_EDITS}. */
  private static int edits(String a, String b) {
    if (Math.abs(a.length() - b.length()) > MAX_EDITS) {
      return MAX_EDITS + 1;
    }
    int[] above = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[b.length()];
  }
}
