package attolytics.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The entries of the runbook that the status page links to. */
class AdviceTest {
  @Test
  void entries_areHeadingsOfTheRunbook() throws Exception {
    String advice =
        new String(Resource.read("/attolytics/status/advice.js"), StandardCharsets.UTF_8);
    List<String> entries = captured("entry: '([^']+)'", advice);
    List<String> headings =
        captured("(?m)^#+ (.+)$", Files.readString(Path.of("deploy/RUNBOOK.md")));
    assertTrue(entries.size() > 10, entries::toString);
    assertEquals(List.of(), entries.stream().filter(entry -> !headings.contains(entry)).toList());
  }

  private static List<String> captured(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(found -> found.group(1)).toList();
  }
}
