package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.settings.Settings;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandHelpTest extends CommandFixture {
  @Test
  void help_namesEveryOptionOfTheSettingsWithinAHundredColumns() {
    assertEquals(0, run(Map.of("ATTOLYTICS_PORT", "wrong"), settings -> 9, "--help"));
    String help = out.toString();
    assertEquals("", err.toString());
    for (RecordComponent component : Settings.class.getRecordComponents()) {
      String option =
          switch (component.getName()) {
            case "databaseUrl" -> "--db_url";
            case "verbosity" -> "--verbose";
            default ->
                "--" + component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
          };
      assertTrue(help.contains(option + "=") || help.contains(option + " "), option);
    }
    assertTrue(help.contains("-q, --quiet") && help.contains("-V, --version"), help);
    help.lines().forEach(line -> assertTrue(line.length() <= 100, line));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "help", "-h"})
  void help_namesEveryCommand(String help) {
    assertEquals(0, run(Map.of(), settings -> 9, help));
    for (String command : List.of("check", "migrate", "replay", "generate-completion", "help")) {
      assertTrue(out.toString().contains("\n  " + command + " "), out.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"migrate --help", "help migrate"})
  void help_ofACommandNamesItsOwnOptions(String args) {
    assertEquals(0, run(Map.of(), settings -> 9, args.split(" ")));
    assertTrue(out.toString().contains("--apply"), out.toString());
    assertTrue(out.toString().contains("--db_url"), out.toString());
  }

  @Test
  void help_tellsTheRealDefaults() {
    run(Map.of(), settings -> 9, "--help");
    String help = out.toString().replaceAll("\\s+", " ");
    Matcher told =
        Pattern.compile("(--[a-z_]+)=[A-Z]+ (?:(?!--[a-z_]+=).)*?\\(default: (\\S+)\\)")
            .matcher(help);
    List<String> args = new ArrayList<>();
    while (told.find()) {
      args.add(told.group(1) + "=" + told.group(2));
    }
    assertEquals(22, args.size(), "all but --db_url: " + args);
    assertEquals(DEFAULTS, settings(Map.of(), args.toArray(String[]::new)));
  }

  @Test
  void version_isThatOfTheJarOrDevelopment() {
    assertEquals(0, run(Map.of(), settings -> 9, "-V"));
    assertTrue(out.toString().matches("attolytics (development|\\d+\\.\\d+\\.\\d+\\S*)\\R"));
    assertNull(seen);
  }
}
