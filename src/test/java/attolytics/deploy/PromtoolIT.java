package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code deploy/prometheus/} as promtool sees it. */
@Timeout(300)
class PromtoolIT {
  private static final String TESTS = "deploy/prometheus/attolytics.rules.test.yml";

  @ParameterizedTest
  @ValueSource(strings = {"deploy/prometheus/prometheus.yml", "deploy/container/prometheus.yml"})
  void configuration_isValid(String file, @TempDir Path directory) throws Exception {
    Files.copy(Path.of(Rules.FILE), directory.resolve("attolytics.rules.yml"));
    Path copy = Files.copy(Path.of(file), directory.resolve("prometheus.yml"));
    Program.succeed(Program.installed("promtool"), "check", "config", copy.toString());
  }

  @Test
  void rules_doAsTheirTestsSay() throws Exception {
    Program.succeed(Program.installed("promtool"), "test", "rules", TESTS);
  }

  @Test
  void everyAlert_firesInATest() throws Exception {
    List<String> fired =
        Yaml.read(TESTS).at("tests").list().stream()
            .flatMap(test -> test.at("alert_rule_test").list().stream())
            .filter(test -> test.has("exp_alerts"))
            .map(test -> test.at("alertname").text())
            .distinct()
            .toList();
    assertEquals(
        List.of(), Rules.alerts().stream().filter(alert -> !fired.contains(alert)).toList());
  }
}
