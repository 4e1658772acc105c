package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the runbook quotes of the service's words is what the service says. */
class RunbookTest {
  private static final Path SOURCES = Path.of("src", "main", "java", "attolytics");
  private static final Pattern LITERAL = Pattern.compile("\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"");

  private static String runbook() throws IOException {
    return Files.readString(Path.of("deploy", "RUNBOOK.md"));
  }

  /** The sources in a directory, without comments, and with their strings in one piece. */
  private static String code(Path directory) throws IOException {
    StringBuilder code = new StringBuilder();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
        code.append(Files.readString(file)).append('\n');
      }
    }
    return code.toString()
        .replace("'\"'", "' '")
        .replaceAll("(?s)/\\*.*?\\*/", "")
        .replaceAll("\"\\s*\\+\\s*\"", "");
  }

  private static List<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group(1)).toList();
  }

  /** As {@code journalctl -g} does it: a pattern in lower case matches either case. */
  @Test
  void patterns_findLinesOfTheLog() throws Exception {
    List<String> messages = new ArrayList<>();
    for (String message : found(LITERAL, code(SOURCES))) {
      messages.add(message.toLowerCase(Locale.ROOT));
    }
    List<String> patterns = found(Pattern.compile("journalctl [^`]*-g '([^']+)'"), runbook());
    assertTrue(patterns.size() > 1, patterns::toString);
    assertEquals(
        List.of(),
        patterns.stream()
            .filter(pattern -> messages.stream().noneMatch(contains(pattern)))
            .toList());
  }

  private static Predicate<String> contains(String part) {
    return text -> text.contains(part);
  }

  /** The causes of a 503: what a refusal is because of, and what a request has waited for. */
  private static List<String> causes() throws IOException {
    List<String> causes = new ArrayList<>();
    Path flush = SOURCES.resolve("flush");
    causes.addAll(found(LITERAL, code(flush.resolve("Backoff.java"))));
    causes.addAll(found(LITERAL, code(flush.resolve("Deferred.java"))));
    causes.addAll(found(Pattern.compile("-> \"([^\"]+)\";"), code(flush.resolve("Deferral.java"))));
    causes.addAll(found(Pattern.compile("unavailable\\(\"([^\"]+)\"\\)"), code(flush)));
    String http = code(SOURCES.resolve("http"));
    causes.addAll(found(Pattern.compile("bufferFull\\([\\w.()]+, \"([^\"]+)\""), http));
    causes.addAll(found(Pattern.compile("NO_MEMORY = \"([^\"]+)\""), http));
    causes.addAll(found(Pattern.compile("DRAINING\\(\\s*503,\\s*\"([^\"]+)\""), http));
    return causes;
  }

  private static String section() throws IOException {
    return found(Pattern.compile("(?s)\n## What the status page says\n(.*?)\n## "), runbook())
        .get(0);
  }

  @Test
  void statusPage_hasEveryCauseOfA503() throws Exception {
    List<String> causes = causes();
    assertTrue(causes.size() > 15, causes::toString);
    String section = section();
    assertEquals(
        List.of(), causes.stream().filter(cause -> !section.contains(cause.strip())).toList());
  }

  @Test
  void statusPage_hasNoOtherCausesOfA503() throws Exception {
    String table = section().substring(section().indexOf("| cause |"));
    List<String> quoted =
        found(Pattern.compile("(?m)^\\| (`.*?) \\| "), table).stream()
            .flatMap(cell -> found(Pattern.compile("`([^`]+)`"), cell).stream())
            .toList();
    assertTrue(quoted.size() > 10, quoted::toString);
    List<String> causes = causes();
    List<String> unknown = new ArrayList<>();
    for (String quote : quoted) {
      for (String part : quote.split("…|\\bevents\\b|[()]", -1)) {
        boolean isKnown = causes.stream().anyMatch(contains(part.strip()));
        if (!isKnown && !part.strip().equals("SQLSTATE")) {
          unknown.add(quote);
        }
      }
    }
    assertEquals(List.of(), unknown);
  }
}
