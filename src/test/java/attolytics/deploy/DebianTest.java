package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.deploy.Program.Ended;
import attolytics.schema.yaml.SchemaFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code deploy/debian/}, as far as it takes no Debian: {@code .ci/package} tries it in one. */
class DebianTest {
  private static final Path DEBIAN = Path.of("deploy/debian");
  private static final String RUNNING = "active running";

  @Test
  void schemaFile_needsOnlyASecretKey() throws Exception {
    SchemaFile.read(
        DEBIAN.resolve("schema.conf.yaml"), Map.of("MYAPP_SECRET_KEY", "of the administrator"));
  }

  @Test
  void manualPage_hasEveryCommand() throws Exception {
    String page = Files.readString(DEBIAN.resolve("attolytics.1")).replace("\\-", "-");
    for (String command : List.of("check", "migrate", "replay", "generate-completion", "help")) {
      assertTrue(page.contains(".TP\n.B " + command + "\n"), command);
    }
  }

  @Test
  void restart_waitsLongerThanNginxAvoidsAnInstance() throws Exception {
    String nginx = Files.readString(Path.of("deploy/nginx/attolytics.conf"));
    // nginx counts in whole seconds: it may take one more.
    int avoided = number(nginx, "fail_timeout=(\\d+)s") + 1;
    int wait = number(Files.readString(DEBIAN.resolve("restart")), "(?m)^steady=(\\d+)$");
    assertTrue(wait >= 2 * avoided, wait + " s for nginx, which takes " + avoided);
  }

  private static int number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern);
    return Integer.parseInt(matcher.group(1));
  }

  @Test
  void restart_endsAtAnInstanceThatIsNotReady(@TempDir Path directory) throws Exception {
    try (ServerSocket a = answering("200 OK", "ready");
        ServerSocket b = answering("503 Service Unavailable", "not ready: draining")) {
      Ended ended = restart(directory, a, b);
      assertEquals(1, ended.exitCode(), ended.output());
      assertTrue(ended.output().contains("@b.service was not ready for "), ended.output());
      assertTrue(ended.output().contains("not ready: draining"), ended.output());
      assertTrue(ended.output().contains("\nerror: the last of @b\n"), ended.output());
      assertFalse(ended.output().contains("of @a"), ended.output());
      assertFalse(ended.output().contains("the first"), ended.output());
      assertEquals(
          List.of("try-restart attolytics@a.service", "try-restart attolytics@b.service"),
          Files.readAllLines(directory.resolve("invoked")));
    }
    try (ServerSocket b = answering("503 Service Unavailable", "not ready: draining")) {
      assertEquals(1, restart(directory, b, b).exitCode());
      assertEquals(
          List.of("try-restart attolytics@a.service"),
          Files.readAllLines(directory.resolve("invoked")));
    }
  }

  @Test
  void restart_ofWhatTheCheckRefuses_changesNothing(@TempDir Path directory) throws Exception {
    try (ServerSocket ready = answering("200 OK", "ready")) {
      Path programs = Files.createDirectories(directory.resolve("bin"));
      program(programs.resolve("systemd-run"), "echo error: no table; exit 1");
      Ended ended = restart(directory, ready, ready);
      assertEquals(1, ended.exitCode(), ended.output());
      assertEquals(
          "error: no table\n"
              + "attolytics: no instance was restarted: the check for attolytics@a.service failed,"
              + " see above\n",
          ended.output());
      assertFalse(Files.exists(directory.resolve("invoked")));
    }
  }

  @Test
  void restart_takesNoArguments(@TempDir Path directory) throws Exception {
    try (ServerSocket ready = answering("200 OK", "ready")) {
      Ended ended = restart(directory, ready, ready, RUNNING, "--help");
      assertEquals(2, ended.exitCode(), ended.output());
      assertTrue(ended.output().startsWith("usage: "), ended.output());
      assertFalse(Files.exists(directory.resolve("invoked")));
    }
  }

  /** The one that serves must not be restarted before there is another one. */
  @ParameterizedTest
  @ValueSource(
      strings = {"failed failed", "activating auto-restart", "activating start"}) // ACTIVE SUB
  void restart_beginsWithInstancesThatDoNotServe(String state, @TempDir Path directory)
      throws Exception {
    try (ServerSocket ready = answering("200 OK", "ready");
        ServerSocket unready = answering("503 Service Unavailable", "not ready: starting")) {
      Ended ended = restart(directory, ready, ready, state);
      assertEquals(0, ended.exitCode(), ended.output());
      assertEquals(
          List.of("restart attolytics@a.service", "try-restart attolytics@b.service"),
          Files.readAllLines(directory.resolve("invoked")));
      assertEquals(1, restart(directory, unready, ready, state).exitCode());
      assertEquals(
          List.of("restart attolytics@a.service"),
          Files.readAllLines(directory.resolve("invoked")));
    }
  }

  /** It would go on waiting for the database with the programs of before the upgrade. */
  @Test
  void restart_endsWithInstancesThatAreStartedByHand(@TempDir Path directory) throws Exception {
    Files.createFile(directory.resolve("a-is-disabled"));
    try (ServerSocket ready = answering("200 OK", "ready")) {
      Ended ended = restart(directory, ready, ready, "activating start");
      assertEquals(0, ended.exitCode(), ended.output());
      assertEquals(
          List.of("try-restart attolytics@b.service", "try-restart attolytics@a.service"),
          Files.readAllLines(directory.resolve("invoked")));
      for (String broken : List.of("failed failed", "activating auto-restart")) {
        assertEquals(0, restart(directory, ready, ready, broken).exitCode());
        assertEquals(
            List.of("try-restart attolytics@b.service"),
            Files.readAllLines(directory.resolve("invoked")));
      }
    }
  }

  private static Ended restart(Path directory, ServerSocket a, ServerSocket b) throws Exception {
    return restart(directory, a, b, RUNNING);
  }

  /**
   * The script, with other programs, two processes as instances, and less patience.
   *
   * @param stateOfA as systemctl prints it
   */
  private static Ended restart(
      Path directory, ServerSocket a, ServerSocket b, String stateOfA, String... arguments)
      throws Exception {
    Files.deleteIfExists(directory.resolve("invoked"));
    Path script =
        Files.writeString(
            directory.resolve("restart"),
            Files.readString(DEBIAN.resolve("restart"))
                .replaceFirst("(?m)^steady=.*", "steady=1")
                .replaceFirst("(?m)^patience=.*", "patience=10"));
    Process one = sleep(a);
    Process other = sleep(b);
    try {
      Path programs = Files.createDirectories(directory.resolve("bin"));
      if (!Files.exists(programs.resolve("systemd-run"))) {
        program(programs.resolve("systemd-run"), "exit 0");
      }
      program(
          programs.resolve("journalctl"),
          "case \"$*\" in *@a*) of=@a;; *@b*) of=@b;; *) exit;; esac\n"
              + "echo \"error: the first of $of\"; echo \"error: the last of $of\"; echo more");
      program(programs.resolve("deb-systemd-invoke"), "echo \"$@\" >> " + directory + "/invoked");
      program(
          programs.resolve("systemctl"),
          "case \"$*\" in\n"
              + ("list-units*) echo 'attolytics@a.service loaded " + stateOfA + " an instance'\n")
              + ("echo 'attolytics@b.service loaded " + RUNNING + " an instance'\n")
              + "echo 'attolytics@c.service loaded inactive dead an instance';;\n"
              + ("*is-enabled*@a*) test ! -e " + directory + "/a-is-disabled;;\n")
              + ("show*@a*) echo " + one.pid() + ";;\n")
              + ("show*@b*) echo " + other.pid() + ";;\nesac"));
      List<String> command = new ArrayList<>();
      command.addAll(List.of("env", "PATH=" + programs + ":" + System.getenv("PATH")));
      command.addAll(List.of("bash", script.toString()));
      command.addAll(List.of(arguments));
      return Program.run(command);
    } finally {
      one.destroy();
      other.destroy();
    }
  }

  private static void program(Path file, String script) throws IOException {
    assertTrue(Files.writeString(file, "#!/bin/sh\n" + script + "\n").toFile().setExecutable(true));
  }

  /** With the environment of an instance. */
  private static Process sleep(ServerSocket admin) throws IOException {
    ProcessBuilder sleep = new ProcessBuilder("sleep", "300");
    sleep.environment().put("ATTOLYTICS_ADMIN_HOST", "127.0.0.1");
    sleep.environment().put("ATTOLYTICS_ADMIN_PORT", Integer.toString(admin.getLocalPort()));
    return sleep.start();
  }

  private static ServerSocket answering(String status, String body) throws IOException {
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(() -> answerAll(server, status, body), "admin port");
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  private static void answerAll(ServerSocket server, String status, String body) {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        InputStream in = socket.getInputStream();
        for (int line = 0, b = 0; line < 4 && b >= 0; line += b == '\n' ? 1 : 0) {
          b = in.read();
        }
        String answer = "HTTP/1.1 " + status + "\r\nConnection: close\r\n\r\n" + body + "\n";
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // A client that has gone, or the end of the test.
      }
    }
  }

  @Test
  void scripts_areValid() throws Exception {
    for (String script : List.of("control/postinst", "control/prerm", "control/postrm")) {
      assertEquals("", Program.succeed("sh", "-n", DEBIAN.resolve(script).toString()), script);
    }
    assertEquals("", Program.succeed("bash", "-n", DEBIAN.resolve("restart").toString()));
  }
}
