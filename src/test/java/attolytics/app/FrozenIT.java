package attolytics.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that is stopped for longer than the body timeout, and goes on. */
@Timeout(120)
class FrozenIT {
  private static final long BODY_TIMEOUT_SECONDS = 2;
  private static final String BODY =
      "{\"padding\": \"%s\", \"secret_key\": \"example-secret-key\", \"events\": [{\"_t\": \"events\","
          + " \"time\": 1571212800.5, \"platform\": \"linux\", \"version\": \"1.0\","
          + " \"user_id\": \"u-1\", \"event_type\": \"level_up\", \"score\": 42}]}";

  @TempDir Path directory;

  /** The longer one is more than an IO thread reads before it looks at other connections. */
  @ParameterizedTest
  @ValueSource(ints = {0, 900_000})
  void bodyThatArrivedMeanwhile_isNotTooSlow(int padding) throws Exception {
    String body = BODY.formatted("x".repeat(padding));
    assumeTrue(!System.getProperty("os.name").startsWith("Windows"), "needs SIGSTOP");
    try (TestDatabase database = TestDatabase.create();
        RunningJar jar =
            RunningJar.start(
                directory.resolve("log"),
                Map.of("ATTOLYTICS_DB_URL", database.url()),
                List.of(),
                "--schema=schema-example.conf.yaml",
                "--body_timeout=" + BODY_TIMEOUT_SECONDS + "s");
        Socket socket = new Socket("localhost", jar.port())) {
      OutputStream out = socket.getOutputStream();
      BufferedReader in =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
      String head =
          "POST /apps/com.example.myapp/events HTTP/1.1\r\nHost: localhost\r\n"
              + "Content-Type: application/json\r\nExpect: 100-continue\r\n"
              + "Content-Length: %d\r\n\r\n".formatted(body.length());
      out.write(head.getBytes(US_ASCII));
      assertEquals("HTTP/1.1 100 Continue", in.readLine()); // now it waits for the body
      signal(jar, "STOP");
      try {
        out.write(body.getBytes(US_ASCII));
        TimeUnit.SECONDS.sleep(BODY_TIMEOUT_SECONDS);
      } finally {
        signal(jar, "CONT");
      }
      assertEquals("", in.readLine());
      assertEquals("HTTP/1.1 200 OK", in.readLine());
    }
  }

  private static void signal(RunningJar jar, String name) throws IOException, InterruptedException {
    String pid = Long.toString(jar.process().pid());
    assertEquals(0, new ProcessBuilder("kill", "-" + name, pid).inheritIO().start().waitFor());
  }
}
