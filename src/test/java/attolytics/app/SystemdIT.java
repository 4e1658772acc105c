package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.Eventually;
import attolytics.TestDatabase;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** What the jar tells systemd, from a socket like systemd's. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class SystemdIT {
  private static final String SCHEMA = "--schema=schema-example.conf.yaml";
  private static final String APP = "com.example.myapp";
  private static final String BODY =
      "{\"secret_key\":\"example-secret-key\",\"events\":[{\"_t\":\"events\",\"platform\":\"x\","
          + "\"version\":\"1\",\"event_type\":\"start\"}]}";

  /** Sets what it takes for the watchdog to be that of the very process. */
  private static final List<String> WATCHED =
      List.of("sh", "-c", "WATCHDOG_PID=$$ exec \"$@\"", "sh");

  @TempDir Path directory;

  @Test
  void startOutageAndStop_areToldAsTheyHappen() throws Exception {
    Path path = directory.resolve("notify");
    try (NotifySocket socket = new NotifySocket(AFUNIXSocketAddress.of(path.toFile()));
        TestDatabase database = TestDatabase.create();
        DatabaseProxy way = new DatabaseProxy(database)) {
      way.cut();
      Map<String, String> environment =
          Map.of(
              "ATTOLYTICS_DB_URL",
              way.url(),
              "NOTIFY_SOCKET",
              path.toString(),
              "WATCHDOG_USEC",
              "600000");
      try (RunningJar jar =
          RunningJar.start(directory.resolve("log"), environment, WATCHED, SCHEMA)) {
        assertStartIsTold(jar, socket, way);
        assertOutageIsProgress(jar, socket, way);
        assertStopIsTold(jar, socket, database);
      }
    }
  }

  private static void assertStartIsTold(RunningJar jar, NotifySocket socket, DatabaseProxy way)
      throws Exception {
    socket.await("STATUS=waiting for the database"::equals);
    String why = jar.admin("/readyz").body();
    assertTrue(why.startsWith("not ready: starting: waiting for the database"), why);
    assertEquals(0, socket.count("READY=1"));
    int extended = socket.await(message -> message.startsWith("EXTEND_TIMEOUT_USEC="));
    way.open();
    int ready = socket.await("READY=1"::equals);
    assertTrue(extended < ready);
    assertTrue(socket.await("STATUS=ready"::equals) < ready);
    assertEquals("ready\n", jar.admin("/readyz").body());
    assertEquals(200, jar.post(APP, BODY).get().statusCode());
    socket.await("WATCHDOG=1"::equals);
    socket.await(message -> message.startsWith("STATUS=ready, "));
  }

  private static void assertOutageIsProgress(RunningJar jar, NotifySocket socket, DatabaseProxy way)
      throws Exception {
    way.cut();
    CompletableFuture<HttpResponse<String>> waiting = jar.post(APP, BODY);
    socket.await(message -> message.startsWith("STATUS=not ready: the database is unreachable ("));
    long before = socket.count("WATCHDOG=1");
    Eventually.await(() -> socket.count("WATCHDOG=1") >= before + 5);
    assertFalse(waiting.isDone());
    way.open();
    assertEquals(200, waiting.get().statusCode());
  }

  private static void assertStopIsTold(RunningJar jar, NotifySocket socket, TestDatabase database)
      throws Exception {
    CompletableFuture<HttpResponse<String>> accepted;
    try (Connection blocker = database.connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE events");
      accepted = jar.post(APP, BODY);
      Eventually.await(
          () -> jar.admin("/metrics").body().contains("attolytics_ring_used_rows 1.0"));
      jar.process().destroy();
      int stopping = socket.await("STOPPING=1"::equals);
      assertTrue(stopping > socket.await("READY=1"::equals));
      socket.await("EXTEND_TIMEOUT_USEC=40000000"::equals);
      Eventually.await(() -> jar.admin("/readyz").body().startsWith("not ready: draining ("));
      blocker.rollback();
    }
    assertEquals(200, accepted.get().statusCode());
    // Not by another signal, which could cut the drain short.
    assertTrue(jar.process().waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, jar.process().exitValue());
    assertEquals(1, socket.count("READY=1"));
    assertEquals(1, socket.count("STOPPING=1"));
  }

  @Test
  void abstractSocket_willDo_andSomebodyElsesWatchdogIsLeftAlone() throws Exception {
    String name = "attolytics-test-" + ProcessHandle.current().pid();
    try (NotifySocket socket = new NotifySocket(AFUNIXSocketAddress.inAbstractNamespace(name));
        TestDatabase database = TestDatabase.create()) {
      Map<String, String> environment =
          Map.of(
              "ATTOLYTICS_DB_URL",
              database.url(),
              "NOTIFY_SOCKET",
              "@" + name,
              "WATCHDOG_USEC",
              "100000",
              "WATCHDOG_PID",
              "1");
      try (RunningJar jar =
          RunningJar.start(directory.resolve("log"), environment, List.of(), SCHEMA)) {
        socket.await("READY=1"::equals);
        assertEquals(0, jar.stop());
        socket.await("STOPPING=1"::equals);
        assertEquals(0, socket.count("WATCHDOG=1"));
      }
    }
  }

  @Test
  void nobodyAtTheSocket_isNoReasonNotToStart() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Map<String, String> environment =
          Map.of(
              "ATTOLYTICS_DB_URL",
              database.url(),
              "NOTIFY_SOCKET",
              directory.resolve("nobody").toString());
      try (RunningJar jar =
          RunningJar.start(directory.resolve("log"), environment, List.of(), SCHEMA)) {
        assertEquals(200, jar.post(APP, BODY).get().statusCode());
        assertTrue(
            jar.log().contains("Cannot connect to the notification socket of systemd "), jar.log());
        assertEquals(0, jar.stop());
      }
    }
  }
}
