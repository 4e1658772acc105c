package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The workflow for a forge, as its linter sees it, and that it runs what {@code .ci/} has. */
@Timeout(300)
class WorkflowIT {
  private static final String WORKFLOW = ".github/workflows/ci.yml";

  @Test
  void workflow_isWithoutFault() throws Exception {
    assertEquals("", Program.succeed(Program.installed("actionlint"), "-color=false", WORKFLOW));
  }

  @Test
  void workflow_runsEveryServerOfTheMatrix() throws Exception {
    List<Yaml> servers =
        Yaml.read(WORKFLOW).at("jobs", "postgresql", "strategy", "matrix", "server").list();
    assertEquals(serversOfTheMatrix(), new TreeSet<>(servers.stream().map(Yaml::text).toList()));
  }

  /** Those that {@code .ci/matrix} takes without arguments. */
  private static Set<String> serversOfTheMatrix() throws IOException {
    String script = Files.readString(Path.of(".ci/matrix"));
    String all =
        Pattern.compile("\\|\\| set -- (.*)")
            .matcher(script)
            .results()
            .findFirst()
            .orElseThrow()
            .group(1);
    return new TreeSet<>(List.of(all.replace("'", "").split(" ", -1)));
  }

  @Test
  void workflow_runsOnlyScriptsThatExist() throws Exception {
    List<Path> scripts =
        Pattern.compile("\\.ci/\\w+")
            .matcher(Files.readString(Path.of(WORKFLOW)))
            .results()
            .map(match -> Path.of(match.group()))
            .toList();
    assertEquals(
        List.of(), scripts.stream().filter(script -> !Files.isExecutable(script)).toList());
  }
}
