package attolytics.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** The reasons of a thread that makes no progress. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "writer 0 makes no progress",
        "writer 0 has failed, see the log",
        "the thread XNIO-1 I/O-1 is stuck for 30 s or more",
        "the thread XNIO-1 Accept has ended"
      })
  void threadThatMakesNoProgress_isAReasonToRestart(String reason) throws Exception {
    String advice =
        new String(Resource.read("/attolytics/status/advice.js"), StandardCharsets.UTF_8);
    MatchResult first =
        Pattern.compile("\\{reason: /(.+?)/, text: '([^']*)'")
            .matcher(advice)
            .results()
            .filter(entry -> Pattern.compile(entry.group(1)).matcher(reason).find())
            .findFirst()
            .orElseThrow();
    assertTrue(first.group(2).startsWith("Restart the instance"), first.group(2));
  }

  private static List<String> captured(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(found -> found.group(1)).toList();
  }
}
