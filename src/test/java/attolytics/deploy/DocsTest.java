package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.http.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guides to {@code deploy/} and what is there are in step. */
class DocsTest {
  private static final Path DEPLOY = Path.of("deploy");

  @Test
  void runbook_hasASectionForEachAlert() throws Exception {
    List<String> sections =
        Pattern.compile("(?m)^### (Attolytics\\w+)$")
            .matcher(Files.readString(DEPLOY.resolve("RUNBOOK.md")))
            .results()
            .map(match -> match.group(1))
            .toList();
    assertEquals(Rules.alerts(), sections);
  }

  @Test
  void everyAlert_pointsToItsSection() throws Exception {
    for (String alert : Rules.alerts()) {
      assertEquals(
          "deploy/RUNBOOK.md#" + alert.toLowerCase(Locale.ROOT),
          Rules.alert(alert).at("annotations", "runbook").text());
    }
  }

  @Test
  void readme_namesEveryFileAndNoOther() throws Exception {
    String readme = Files.readString(DEPLOY.resolve("README.md"));
    assertEquals(
        List.of(), files().stream().filter(file -> !readme.contains("deploy/" + file)).toList());
    assertEquals(
        List.of(),
        Pattern.compile("deploy/[\\w./@-]*\\w")
            .matcher(readme)
            .results()
            .map(match -> match.group())
            .filter(file -> !Files.exists(Path.of(file)))
            .toList());
  }

  @Test
  void commands_haveTheEnvironmentOfTheService() throws Exception {
    int commands = 0;
    for (String document : List.of("README.md", "RUNBOOK.md")) {
      String text = Files.readString(DEPLOY.resolve(document));
      int all = occurrences("(?m)^ *attolytics (check|migrate|replay) ", text);
      assertEquals(
          all,
          occurrences(
              "-p EnvironmentFile=/etc/attolytics/attolytics.env \\\\\n *attolytics \\w+ ", text),
          document);
      commands += all;
      // Else a command that fails leaves a failed unit.
      assertEquals(
          occurrences("systemd-run --", text),
          occurrences("systemd-run --quiet --collect --pipe --wait ", text),
          document);
    }
    assertEquals(5, commands);
  }

  /** Where the service runs: the data of an embedded PostgreSQL is there. */
  @Test
  void systemdRun_isInTheDirectoryOfTheUnit() throws Exception {
    Matcher unit =
        Pattern.compile("(?m)^WorkingDirectory=(.*)$")
            .matcher(Files.readString(DEPLOY.resolve("systemd/attolytics@.service")));
    assertTrue(unit.find());
    // "-": before the first start, it may not be there.
    String directory = "-p User=attolytics -p WorkingDirectory=-" + unit.group(1) + " ";
    int runs = 0;
    for (String file :
        List.of("README.md", "RUNBOOK.md", "debian/restart", "debian/attolytics.1")) {
      String text = Files.readString(DEPLOY.resolve(file)).replace("\\e\n", "").replace("\\-", "-");
      int all = occurrences("systemd-run --", text);
      assertEquals(all, occurrences(directory, text.replaceAll(" +", " ")), file);
      runs += all;
    }
    assertEquals(7, runs);
  }

  /** A client sees no difference between an answer of nginx and one of the service. */
  @Test
  void nginx_hasTheDocumentsOfTheService() throws Exception {
    String nginx = Files.readString(DEPLOY.resolve("nginx/attolytics.conf"));
    for (Problem problem : List.of(Problem.OUTCOME_UNKNOWN, Problem.BODY_TOO_LARGE)) {
      String document = new String(problem.document(null, List.of(), null), StandardCharsets.UTF_8);
      assertTrue(nginx.contains("return " + problem.status() + " '" + document + "';"), document);
    }
    assertEquals(
        occurrences("urn:attolytics:problem:", nginx), occurrences("\"detail\":\"", nginx));
  }

  @Test
  void everyJvm_exitsOnOutOfMemoryError() throws Exception {
    int jvms = 0;
    for (String file : files()) {
      if (!file.endsWith(".png")) {
        String text = Files.readString(DEPLOY.resolve(file));
        int started = occurrences("-jar\\b", text);
        assertEquals(started, occurrences("-XX:\\+ExitOnOutOfMemoryError", text), file);
        jvms += started;
      }
    }
    assertEquals(4, jvms);
  }

  /** After which it exits with 3, but for the commands: that is their code for what is left. */
  @Test
  void everyCommand_goesOnAfterAnOutOfMemoryError(@TempDir Path programs) throws Exception {
    Path java = Files.writeString(programs.resolve("java"), "#!/bin/sh\necho \" $*\"\n");
    assertTrue(java.toFile().setExecutable(true));
    String path = "PATH=" + programs + ":" + System.getenv("PATH");
    for (String script : List.of("deploy/attolytics", "deploy/container/attolytics")) {
      for (String command : List.of("check", "migrate", "replay")) {
        String started = Program.succeed("env", path, script, command, "--quiet");
        assertTrue(started.contains(" -XX:-ExitOnOutOfMemoryError "), started);
        assertTrue(started.endsWith("attolytics.jar " + command + " --quiet\n"), started);
      }
      String service = Program.succeed("env", path, script, "--db_url", "check");
      assertTrue(service.contains("-XX:+ExitOnOutOfMemoryError "), service);
      assertTrue(service.endsWith("attolytics.jar --db_url check\n"), service);
      assertTrue(Program.succeed("env", path, script).contains("-XX:+ExitOnOutOfMemoryError "));
    }
  }

  private static int occurrences(String pattern, String text) {
    return (int) Pattern.compile(pattern).matcher(text).results().count();
  }

  private static List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(DEPLOY)) {
      return all.filter(Files::isRegularFile)
          .map(file -> DEPLOY.relativize(file).toString())
          .filter(file -> !file.equals("README.md"))
          .sorted()
          .toList();
    }
  }
}
