package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.Eventually;
import attolytics.TestDatabase;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** The jar, told by SIGHUP that its schema file has changed. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class ReloadIT {
  private static final String T = "t: {columns: [{name: n, type: i64, required: true}]}";
  private static final String APP = "apps: {a: {secret_key: sesame, tables: [t]}}";
  private static final String OLD = "tables: {" + T + "}\n" + APP;
  private static final String GROWN =
      "tables: {t: {columns: [{name: n, type: i64, required: true}, {name: s, indexed: true}]}}\n"
          + APP;

  @TempDir Path directory;

  private TestDatabase database;
  private Path schema;
  private int refusals;
  private int reloads;

  @BeforeEach
  void prepare() throws Exception {
    database = TestDatabase.create();
    schema = Files.writeString(directory.resolve("schema.yaml"), OLD);
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    database.close();
  }

  @Test
  void startWithSighupIgnored_warns() throws Exception {
    List<String> ignoring = List.of("sh", "-c", "trap '' HUP; exec \"$@\"", "sh");
    String database = "--db_url=" + this.database.url();
    try (RunningJar jar =
        RunningJar.start(
            directory.resolve("log"), Map.of(), ignoring, "--schema=" + schema, database)) {
      jar.port();
      assertTrue(jar.log().contains("SIGHUP is ignored"), jar.log());
    }
    try (RunningJar jar = start()) {
      assertFalse(jar.log().contains("SIGHUP is ignored"), jar.log());
    }
  }

  // Without losing a request

  @Test
  void tableGainsAColumn_whileManyClientsPostWithoutAPause() throws Exception {
    try (RunningJar jar = start()) {
      Load load = new Load(jar);
      load.await(1_000);
      write(GROWN);
      assertEquals(0, migrate("--apply"));
      load.await(1_000);
      reload(jar);
      load.sendTheNewField = true;
      load.await(1_000);
      assertEquals(0, load.stop());

      assertEquals(load.sent.get(), count("SELECT count(*) FROM t"));
      assertEquals(load.sentWithField.get(), count("SELECT count(*) FROM t WHERE s = 'new'"));
      assertTrue(load.sentWithField.get() > 0);
      assertEquals(0, jar.stop());
    }
  }

  /** 64 clients, of which each posts its next event as soon as its last one is answered. */
  private static final class Load {
    private final RunningJar jar;
    private final ExecutorService executor = Executors.newFixedThreadPool(64);
    private final List<Future<?>> clients = new ArrayList<>();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger sentWithField = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private volatile boolean sendTheNewField;
    private volatile boolean stopped;

    Load(RunningJar jar) {
      this.jar = jar;
      for (int i = 0; i < 64; i++) {
        clients.add(executor.submit(this::postAgainAndAgain));
      }
    }

    private Void postAgainAndAgain() throws Exception {
      while (!stopped) {
        boolean withField = sendTheNewField;
        int status = post(jar, 1, withField ? ",\"s\":\"new\"" : "").get().statusCode();
        if (status != 200) {
          refused.incrementAndGet();
        }
        if (withField) {
          sentWithField.incrementAndGet();
        }
        sent.incrementAndGet();
      }
      return null;
    }

    void await(int more) throws Exception {
      int goal = sent.get() + more;
      Eventually.await(() -> sent.get() >= goal || clients.stream().anyMatch(Future::isDone));
    }

    /** How many were refused. */
    int stop() throws Exception {
      stopped = true;
      for (Future<?> client : clients) {
        client.get();
      }
      executor.shutdown();
      return refused.get();
    }
  }

  /** A flush has both then, of the same table as it was and as it is. */
  @Test
  void requestsThatWereReadUnderTheOldFile_areWrittenUnderIt() throws Exception {
    try (RunningJar jar = start()) {
      CompletableFuture<HttpResponse<String>> old;
      CompletableFuture<HttpResponse<String>> grown;
      try (Connection blocker = database.connect();
          Statement lock = blocker.createStatement()) {
        database.execute("ALTER TABLE t ADD s varchar");
        database.execute("CREATE INDEX ON t (s)");
        blocker.setAutoCommit(false);
        lock.execute("LOCK TABLE t IN SHARE MODE");
        old = post(jar, 1, "");
        awaitMetric(jar, "attolytics_ring_used_rows 1.0");
        write("tables: {u: {columns: [{name: x}]}, " + GROWN.substring("tables: {".length()));
        reload(jar);
        grown = post(jar, 2, ",\"s\":\"new\"");
        awaitMetric(jar, "attolytics_ring_used_rows 2.0");
        double failures = lockFailures(jar); // so many more, and both are tried together
        Eventually.await(() -> lockFailures(jar) >= failures + 6);
        assertFalse(old.isDone());
        blocker.rollback();
      }
      assertEquals(200, old.get().statusCode());
      assertEquals(200, grown.get().statusCode());
      assertEquals(1, count("SELECT count(*) FROM t WHERE n = 1 AND s IS NULL"));
      assertEquals(1, count("SELECT count(*) FROM t WHERE n = 2 AND s = 'new'"));
      assertEquals(0, jar.stop());
    }
  }

  /**
   * The rows of the old file do not fit any more: nobody else's business, and no client's fault.
   */
  @Test
  void columnThatIsWidened_isATableOutOfOrderUntilTheReload() throws Exception {
    write(
        "tables: {t: {columns: [{name: n, type: i32}]}, u: {columns: [{name: x}]}}\n"
            + "apps: {a: {secret_key: sesame, tables: [t, u]}}");
    try (RunningJar jar = start()) {
      write(Files.readString(schema).replace("i32", "i64"));
      assertEquals(0, migrate("--apply"));

      CompletableFuture<HttpResponse<String>> old = post(jar, 1, "");
      assertEquals(
          200,
          jar.post("a", "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"u\"}]}")
              .get()
              .statusCode());
      assertEquals(500, old.get().statusCode());
      assertEquals(200, jar.admin("/readyz").statusCode());

      reload(jar);
      assertEquals(200, post(jar, 1, "").get().statusCode());
    }
  }

  // What it takes over

  @Test
  void newTablesAppsAndKeys_areTakenOver_oldOnesAreGone() throws Exception {
    try (RunningJar jar = start()) {
      assertEquals(200, post(jar, 1, "").get().statusCode());
      write(
          "tables: {"
              + T
              + ", u: {columns: [{name: x}]}}\n"
              + "apps: {b: {secret_key: fresh, tables: [u]}, a: {secret_key: other, tables: [t]}}");

      reload(jar);

      String body = "{\"secret_key\":\"fresh\",\"events\":[{\"_t\":\"u\",\"x\":\"y\"}]}";
      assertEquals(200, jar.post("b", body).get().statusCode());
      assertEquals(403, post(jar, 1, "").get().statusCode());
      String metrics = jar.admin("/metrics").body();
      assertTrue(metrics.contains("attolytics_events_committed_total{table=\"u\"} 1.0"), metrics);
      assertTrue(metrics.contains("attolytics_events_accepted_total{app=\"b\"} 1.0"), metrics);
      assertTrue(metrics.contains("attolytics_events_committed_total{table=\"t\"} 1.0"), metrics);
      write(OLD);
      reload(jar);
      assertEquals(404, jar.post("b", body).get().statusCode());
      assertEquals(200, post(jar, 1, "").get().statusCode());
    }
  }

  @Test
  void withMigrate_theDatabaseIsMadeToFit() throws Exception {
    try (RunningJar jar = start("--migrate")) {
      write(GROWN);
      reload(jar);
      assertEquals(200, post(jar, 1, ",\"s\":\"new\"").get().statusCode());
      assertEquals(1, count("SELECT count(*) FROM pg_indexes WHERE tablename = 't'"));
    }
  }

  // What it refuses

  @Test
  void fileThatIsBad_changesNothing_andEachProblemIsLogged() throws Exception {
    try (RunningJar jar = start()) {
      write("tables: {t: {colums: []}}\nap: 1");
      refusedReload(jar);
      for (String problem : List.of(":1:14: unknown key `colums`", ":2:1: unknown key `ap`")) {
        assertTrue(
            jar.log().contains("reload 1 of " + schema + ": " + schema + problem), jar.log());
      }
      assertGoesOn(jar);
      refusedReload(jar); // again, and told again
      assertTrue(
          jar.log().contains("reload 2 of " + schema + ": " + schema + ":1:14: "), jar.log());
      write(OLD);
      reload(jar);
    }
  }

  @Test
  void fileThatDoesNotFitTheDatabase_changesNothing_andTheLogSaysWhy() throws Exception {
    try (RunningJar jar = start()) {
      write(GROWN.replace("t: {columns", "u: {columns: [{name: x}]}, t: {columns"));
      refusedReload(jar);
      assertTrue(
          jar.log().contains("column \"s\" does not exist; ALTER TABLE \"t\" ADD"), jar.log());
      assertEquals(0, count("SELECT count(*) FROM pg_class WHERE relname = 'u'"));
      assertGoesOn(jar);
    }
  }

  @Test
  void databaseThatIsAway_isWaitedForAsLongAsRequestsWait_andChangesNothing() throws Exception {
    try (DatabaseProxy way = new DatabaseProxy(database);
        RunningJar jar = startAt(way.url(), "--ack_timeout=1s")) {
      jar.port();
      way.cut();
      refusedReload(jar);
      assertTrue(jar.log().contains("no connection to the database"), jar.log());
      way.open();
      Eventually.await(() -> jar.admin("/readyz").statusCode() == 200);
      assertGoesOn(jar);
    }
  }

  @Test
  void databaseUrlOfTheFile_isNotTakenOver_andNeverShown() throws Exception {
    write("database_url: '" + database.url() + "'\n" + OLD);
    try (RunningJar jar = startAt("")) {
      jar.port();
      write("database_url: 'postgres://u:s3cr3t@127.0.0.1:1/nowhere'\n" + OLD);
      reload(jar);
      assertTrue(jar.log().contains("database_url has changed"), jar.log());
      assertFalse(jar.log().contains("s3cr3t"), jar.log());
      assertGoesOn(jar);
    }
  }

  private void assertGoesOn(RunningJar jar) throws Exception {
    assertEquals(200, jar.admin("/readyz").statusCode());
    assertEquals(200, post(jar, 1, "").get().statusCode());
  }

  // As systemd sees it

  @Test
  void systemd_isToldOfEachReload() throws Exception {
    Path path = directory.resolve("notify");
    try (NotifySocket socket = new NotifySocket(AFUNIXSocketAddress.of(path.toFile()));
        RunningJar jar =
            RunningJar.start(
                directory.resolve("log"),
                Map.of("ATTOLYTICS_DB_URL", database.url(), "NOTIFY_SOCKET", path.toString()),
                List.of(),
                "--schema=" + schema)) {
      int started = socket.await("READY=1"::equals);
      long before = System.nanoTime() / 1_000;
      reload(jar);
      Eventually.await(() -> socket.count("READY=1") == 2);
      write("nonsense");
      refusedReload(jar);
      Eventually.await(() -> socket.count("READY=1") == 3);

      List<String> told =
          socket.messages().stream()
              .skip(started)
              .filter(message -> message.matches("(?s)(RELOADING|READY)=1.*"))
              .toList();
      assertEquals(5, told.size(), told::toString);
      for (int i : new int[] {1, 3}) {
        assertTrue(told.get(i).startsWith("RELOADING=1\nMONOTONIC_USEC="), told.get(i));
        long micros = Long.parseLong(told.get(i).replaceFirst("(?s).*=", ""));
        assertTrue(micros >= before && micros <= System.nanoTime() / 1_000, told.get(i));
      }
    }
  }

  // Helpers

  private RunningJar start(String... options) throws Exception {
    RunningJar jar = startAt(database.url(), options);
    jar.port();
    return jar;
  }

  private RunningJar startAt(String url, String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--schema=" + schema);
    return RunningJar.start(
        directory.resolve("log"),
        Map.of("ATTOLYTICS_DB_URL", url),
        List.of(),
        all.toArray(String[]::new));
  }

  private void write(String yaml) throws Exception {
    Files.writeString(schema, yaml);
  }

  /** Sends SIGHUP, and waits until the file is taken over. */
  private void reload(RunningJar jar) throws Exception {
    hangUp(jar);
    awaitReload(jar, "done", ++reloads);
  }

  private void refusedReload(RunningJar jar) throws Exception {
    hangUp(jar);
    awaitReload(jar, "refused", ++refusals);
  }

  private static void hangUp(RunningJar jar) throws Exception {
    String pid = Long.toString(jar.process().pid());
    assertEquals(0, new ProcessBuilder("kill", "-HUP", pid).start().waitFor());
  }

  private static void awaitReload(RunningJar jar, String outcome, int times) throws Exception {
    awaitMetric(
        jar, "attolytics_schema_reloads_total{outcome=\"%s\"} %d.0".formatted(outcome, times));
  }

  private static double lockFailures(RunningJar jar) throws Exception {
    String name = "attolytics_flush_errors_total{sqlstate_class=\"55\"} ";
    return jar.admin("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .findFirst()
        .orElse(0);
  }

  private static void awaitMetric(RunningJar jar, String line) throws Exception {
    Eventually.await(() -> jar.admin("/metrics").body().contains(line + "\n"));
  }

  private static CompletableFuture<HttpResponse<String>> post(RunningJar jar, int n, String more)
      throws Exception {
    return jar.post(
        "a",
        "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":%d%s}]}".formatted(n, more));
  }

  private int migrate(String... options) {
    List<String> args = new ArrayList<>(List.of("migrate", "--schema=" + schema));
    args.add("--db_url=" + database.url());
    args.addAll(List.of(options));
    return CommandResult.of(Map.of(), args.toArray(String[]::new)).exitCode();
  }

  private int count(String query) throws SQLException {
    return Integer.parseInt(database.value(query));
  }
}
