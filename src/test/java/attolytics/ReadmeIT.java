package attolytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The commands of README and {@code docs/api.md}, run as they stand there beside the jar, and the
 * answers that are given there. The script for web pages is tested by {@code BrowserIT}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class ReadmeIT {
  private static final List<Path> LINKED =
      List.of(Path.of("target"), Path.of("schema-example.conf.yaml"));
  private static final String REPLAYED = "Idempotency-Replayed";
  private static final Pattern ACCEPTING = Pattern.compile("accepting events on \\S+:(\\d+)");
  private static final Pattern BLOCK = Pattern.compile("```(\\w+)\\n(.*?)```", Pattern.DOTALL);

  /** A command, and the answer that the document gives right after it. */
  private record Example(String command, String answer) {}

  private static Stream<MatchResult> blocks(Path document) throws IOException {
    return BLOCK.matcher(Files.readString(document)).results();
  }

  /** README's first command that contains this. */
  private static String command(String part) throws IOException {
    return blocks(Path.of("README.md"))
        .filter(block -> block.group(1).equals("sh"))
        .map(block -> block.group(2))
        .filter(command -> command.contains(part))
        .findFirst()
        .orElseThrow();
  }

  private static List<Example> examples() throws IOException {
    List<MatchResult> blocks = blocks(Path.of("docs", "api.md")).toList();
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      if (blocks.get(i).group(1).equals("http")) {
        examples.add(new Example(blocks.get(i - 1).group(2), blocks.get(i).group(2)));
      }
    }
    assertTrue(examples.size() > 3, examples::toString);
    return examples;
  }

  private Path directory;
  private Process service;
  private int port;

  /** Starts the service by README's first command, in what looks like a checkout that is built. */
  @BeforeAll
  void start(@TempDir Path checkout) throws Exception {
    directory = checkout;
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "the commands are bash's");
    for (Path path : LINKED) {
      Files.createSymbolicLink(directory.resolve(path), path.toAbsolutePath());
    }
    Path log = directory.resolve("log");
    String command = command("java -jar");
    service =
        bash("exec " + command.substring(command.indexOf("&&") + 2))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Matcher accepting;
    do {
      assertTrue(service.isAlive(), Files.readString(log));
      TimeUnit.MILLISECONDS.sleep(20);
      accepting = ACCEPTING.matcher(Files.readString(log));
    } while (!accepting.find());
    port = Integer.parseInt(accepting.group(1));
  }

  @AfterAll
  void stop() throws Exception {
    if (service != null) {
      service.destroy();
      assertTrue(service.waitFor(60, TimeUnit.SECONDS));
      for (Path path : LINKED) {
        Files.delete(directory.resolve(path));
      }
    }
  }

  private ProcessBuilder bash(String command) {
    ProcessBuilder bash = new ProcessBuilder("/bin/bash", "-c", command);
    bash.directory(directory.toFile());
    bash.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    bash.environment().put("ATTOLYTICS_PORT", "0");
    bash.environment().put("ATTOLYTICS_ADMIN_PORT", "0");
    return bash;
  }

  /** What a command prints; the test is skipped where there is no such program. */
  private String run(String program, String command) throws Exception {
    int found = bash("command -v " + program).start().waitFor();
    assumeTrue(found == 0, "there is no " + program + " here: install it");
    Process process =
        bash("set -eo pipefail; " + command.replace("localhost:8000", "localhost:" + port))
            .redirectError(directory.resolve("errors").toFile())
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), Files.readString(directory.resolve("errors")));
    return output;
  }

  @Test
  void firstSteps_storeTheRowThatTheyShow() throws Exception {
    assertTrue(run("curl", command("curl")).startsWith("HTTP/1.1 200 OK\r\n"));
    String rows = run("psql", command("psql"));
    assertTrue(rows.contains("level_up") && rows.contains("42"), rows);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void example_isAnsweredAsItStands(Example example) throws Exception {
    boolean again = example.answer.contains(REPLAYED);
    if (again) {
      assertTrue(!run("curl", example.command).contains(REPLAYED));
    }
    String[] answer = run("curl", example.command).split("\r\n\r\n", 2);
    String[] expected = example.answer.split("\n\n", 2);
    List<String> head = answer[0].lines().toList();
    expected[0]
        .lines()
        .forEach(line -> assertTrue(head.contains(line), () -> line + " is none of " + head));
    if (expected.length == 2) {
      assertEquals(new JsonObject(expected[1]), new JsonObject(answer[1]));
    } else {
      assertEquals("", answer[1]);
    }
    if (again) {
      String count = "SELECT count(*) FROM events WHERE event_type = $$purchase$$";
      String rows = run("psql", command("psql").replace("SELECT * FROM events", count));
      assertTrue(rows.lines().anyMatch(line -> line.trim().equals("1")), rows);
    }
  }
}
