package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/systemd/} as systemd's own programs see it, and the command that the unit runs. */
@Timeout(300)
@SuppressWarnings("try") // an interruption ends the tests anyway
class SystemdIT {
  /** Of 100; most services that Debian ships are at 90 and more. */
  private static final int MOST_EXPOSURE = 15;

  @TempDir private Path root;

  @Test
  void unit_isWithoutFault() throws Exception {
    String analyze = Program.installed("systemd-analyze");
    Path units = Files.createDirectories(root.resolve("usr/lib/systemd/system"));
    try (Stream<Path> installed = Files.list(Path.of("/usr/lib/systemd/system"))) {
      for (Path unit : installed.filter(SystemdIT::mayBeNeeded).toList()) {
        Files.copy(unit, units.resolve(unit.getFileName()));
      }
    }
    Files.copy(Unit.FILE, units.resolve(Unit.FILE.getFileName()));
    Path programs = Files.createDirectories(root.resolve("usr/bin"));
    for (String name : List.of("java", "sh")) {
      Path program = Files.writeString(programs.resolve(name), "#!/bin/sh\n");
      assertTrue(program.toFile().setExecutable(true));
    }
    assertEquals(
        "",
        Program.succeed(analyze, "verify", "--man=no", "--root=" + root, "attolytics@a.service"));
  }

  private static boolean mayBeNeeded(Path unit) {
    return unit.toString().matches(".*\\.(target|slice|mount|socket)") && Files.isRegularFile(unit);
  }

  @Test
  void unit_exposesLittle() throws Exception {
    Program.succeed(
        Program.installed("systemd-analyze"),
        "security",
        "--offline=true",
        "--threshold=" + MOST_EXPOSURE,
        Unit.FILE.toString());
  }

  @Test
  void account_canBeCreated() throws Exception {
    String said =
        Program.succeed(
            Program.installed("systemd-sysusers"),
            "--root=" + root,
            "--dry-run",
            Path.of("deploy/systemd/sysusers.conf").toAbsolutePath().toString());
    assertTrue(said.contains("attolytics"), said);
  }

  @Test
  void command_startsTheServiceAndStopsInOrder() throws Exception {
    Map<String, String> paths =
        Map.of(
            "/usr/bin/java",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "/usr/lib/attolytics/",
            "target/",
            "/etc/attolytics/schema.conf.yaml",
            "schema-example.conf.yaml",
            "/var/lib/attolytics",
            root.toString());
    try (TestDatabase database = TestDatabase.create();
        Program service =
            Program.start(
                root.resolve("log"),
                Map.of(
                    "ATTOLYTICS_DB_URL", database.url(),
                    "ATTOLYTICS_PORT", "0",
                    "ATTOLYTICS_ADMIN_PORT", "0"),
                command(paths))) {
      service.awaitOutput("accepting events on");
      assertEquals(0, service.terminate(), service::output);
    }
  }

  /** That of {@code ExecStart=}, as systemd expands it. */
  private static List<String> command(Map<String, String> paths) throws IOException {
    String command =
        Unit.value("ExecStart")
            .replace("$JAVA_OPTS", Unit.value("Environment").replace("JAVA_OPTS=", ""))
            .replace("%%", "%");
    for (Map.Entry<String, String> path : paths.entrySet()) {
      assertTrue(command.contains(path.getKey()), path::getKey);
      command = command.replace(path.getKey(), path.getValue());
    }
    return Arrays.asList(command.split(" "));
  }
}
