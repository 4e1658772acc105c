package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/attolytics}, and what it generates for bash and zsh. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class CompletionIT {
  private Path script;

  @BeforeAll
  void generate(@TempDir Path directory) throws Exception {
    String said =
        Program.succeed(
            "env",
            "PATH=" + Path.of(System.getProperty("java.home"), "bin") + ":/usr/bin:/bin",
            "ATTOLYTICS_JAR=target/attolytics.jar",
            "deploy/attolytics",
            "generate-completion");
    script = Files.writeString(directory.resolve("completion"), said);
  }

  /** What the last of the words may become. */
  private String completedByBash(String... words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Program.installed("bash"),
                "-euc",
                "source \"$0\"; COMP_WORDS=(attolytics \"$@\"); COMP_CWORD=$#; COMP_TYPE=9;"
                    + " COMP_LINE=\"attolytics $*\"; COMP_POINT=${#COMP_LINE};"
                    + " set +eu; _complete_attolytics 2> /dev/null; echo \"${COMPREPLY[@]}\"",
                script.toString()));
    command.addAll(List.of(words));
    return Program.succeed(command.toArray(new String[0])).strip();
  }

  @Test
  void bash_completesOptions() throws Exception {
    assertEquals("--drain_timeout", completedByBash("--dr"));
    assertEquals("--admin_host --admin_port", completedByBash("--adm"));
  }

  @Test
  void bash_completesValuesAsTheyAreTaken() throws Exception {
    assertEquals("text json", completedByBash("--log_format", ""));
    assertEquals("json", completedByBash("check", "--log_format", "j"));
  }

  @Test
  void bash_completesCommandsAndTheirOptions() throws Exception {
    assertEquals("check", completedByBash("che"));
    assertEquals("--apply", completedByBash("migrate", "--app"));
  }

  @Test
  void zsh_takesIt() throws Exception {
    String said =
        Program.succeed(
            Program.installed("zsh"),
            "-fc",
            "autoload -Uz compinit; compinit -D -u; source \"$0\"; print -- ${_comps[attolytics]}",
            script.toString());
    assertTrue(said.contains("_complete_attolytics"), said);
  }
}
