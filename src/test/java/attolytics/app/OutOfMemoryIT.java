package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.TestDatabase;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** After an OutOfMemoryError the process exits, so that its supervisor starts it again. */
@Timeout(120)
class OutOfMemoryIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;
  private static final String EVENT =
      "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":1}]}";
  private static final String LINE = "error: the process exits because it is out of memory";
  private static final int END_SECONDS = 60;

  @TempDir Path directory;

  private RunningJar start(String javaOptions, String databaseUrl) throws IOException {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    return RunningJar.start(
        directory.resolve("log"),
        Map.of("JDK_JAVA_OPTIONS", javaOptions),
        List.of(),
        "--schema=" + schema,
        "--db_url=" + databaseUrl);
  }

  @Test
  void fullHeap_endsTheBareJarWithALine() throws Exception {
    String log = logOfFullHeap("-Xmx64m", 1);
    assertEquals(2, log.split(LINE, -1).length, log);
    assertTrue(log.lines().allMatch(line -> !line.startsWith("\tat ")), log);
  }

  @Test
  void fullHeap_endsWhatDeployStarts() throws Exception {
    String log = logOfFullHeap("-Xmx64m -XX:+ExitOnOutOfMemoryError", 3);
    assertTrue(log.contains("Terminating due to java.lang.OutOfMemoryError"), log);
  }

  private String logOfFullHeap(String javaOptions, int exitCode) throws Exception {
    Path full = directory.resolve("full");
    try (TestDatabase database = TestDatabase.create();
        RunningJar jar =
            start(javaOptions + " -javaagent:" + agent() + '=' + full, database.url())) {
      assertEquals(200, jar.post("a", EVENT).get().statusCode());
      Files.createFile(full);
      try (Socket client = new Socket("localhost", jar.port())) {
        client.getOutputStream().write(request());
        assertEnds(exitCode, jar);
      }
      return jar.log();
    }
  }

  private Path agent() throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Premain-Class", HeapFiller.class.getName());
    String name = HeapFiller.class.getName().replace('.', '/') + ".class";
    Path agent = directory.resolve("agent.jar");
    try (OutputStream file = Files.newOutputStream(agent);
        JarOutputStream jar = new JarOutputStream(file, manifest)) {
      jar.putNextEntry(new JarEntry(name));
      try (var bytes = HeapFiller.class.getClassLoader().getResourceAsStream(name)) {
        bytes.transferTo(jar);
      }
    }
    return agent;
  }

  /** Of direct memory the JVM's own flag knows nothing. */
  @Test
  void directMemoryThatClientsHaveTaken_endsTheProcess() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create();
        DatabaseProxy proxy = new DatabaseProxy(database);
        RunningJar jar =
            start("-Xmx256m -XX:MaxDirectMemorySize=2m -XX:+ExitOnOutOfMemoryError", proxy.url())) {
      int port = jar.port();
      proxy.cut();
      for (int i = 0; i < 300 && jar.process().isAlive(); i++) {
        Socket client = new Socket("localhost", port);
        clients.add(client);
        client.getOutputStream().write(request());
      }
      assertEnds(1, jar);
      assertTrue(jar.log().contains(LINE), jar.log());
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  /** And the beginning of the next, which keeps the buffer that both were read into. */
  private static byte[] request() {
    String request =
        "POST /apps/a/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + EVENT.length()
            + "\r\n\r\n"
            + EVENT
            + "POST ";
    return request.getBytes(StandardCharsets.US_ASCII);
  }

  private static void assertEnds(int exitCode, RunningJar jar) throws Exception {
    assertTrue(jar.process().waitFor(END_SECONDS, TimeUnit.SECONDS), jar::toString);
    assertEquals(exitCode, jar.process().exitValue(), jar.log());
  }
}
