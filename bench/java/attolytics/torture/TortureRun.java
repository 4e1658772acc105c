package attolytics.torture;

import attolytics.bench.process.PostgresServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** One run, from an empty database to the verdict. */
public final class TortureRun implements AutoCloseable {
  static final String SERVER_LOG = "postgresql.log";

  private static final int MISSES = 6;

  /** What a service may not have to say, whatever happens to it. */
  private static final Pattern OUTCRY =
      Pattern.compile("^\\S+ ERROR .*|^\\s+at .*|.*Exception in thread.*|.*OutOfMemoryError.*");

  /**
   * But for these: a table that is broken and an outcome that nobody can tell are worth an ERROR,
   * as they are a 500 and a 504; and the library has one for a connection that comes while the port
   * closes.
   */
  private static final Pattern EXCUSED =
      Pattern.compile(
          ".* ERROR \\w+: (\\d+ more until \\S+: )?"
              + "(Cannot query the status of a COMMIT in time"
              + "|reload \\d+ of (?!.*failed with an internal error)"
              + "|error \\w+: app \\w+: (table_broken|outcome_unknown)"
              + "|XNIO000011: Task .*TcpServer"
              + "|XNIO001009: .*ClosedChannelException).*");

  private final Settings settings;
  private final PrintWriter console;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  TortureRun(Settings settings, PrintWriter console) {
    this.settings = settings;
    this.console = console;
  }

  /**
   * Runs it.
   *
   * @return whether nothing happened that must never happen
   */
  boolean run() throws IOException, InterruptedException, SQLException {
    console.println("seed " + settings.seed() + ", logs in " + settings.out());
    Scene scene = prepare();
    Canary canary = new Canary(scene);
    canary.start();
    List<Client> clients = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < settings.clients(); i++) {
      Client client = new Client(scene, "client-" + i);
      clients.add(client);
      threads.add(client.start(client::send));
    }
    new Waves(scene, console).run(System.nanoTime() + settings.duration().toNanos());
    clients.forEach(Client::stop);
    for (Thread thread : threads) {
      thread.join(settings.patience().plusSeconds(30).toMillis());
    }
    judgeFaults(scene);
    QuarantineFaults.awaitExpired(scene);
    stopAll(scene);
    ReplayFaults.replayAll(scene);
    searchLogs(scene);
    scene.instances().forEach(instance -> judgeWriters(instance, scene.findings()));
    Oracle oracle = new Oracle(scene);
    oracle.judge();
    console.printf(Locale.ROOT, "the machine itself was slow for %.1f s%n", canary.slowSeconds());
    return report(scene, oracle.rows());
  }

  /** Chance does not make a fault miss all the time. */
  private static void judgeFaults(Scene scene) {
    Set<Fault> inVain = scene.tally().inVain(MISSES);
    if (scene.pooler() == null) {
      inVain.removeAll(Fault.OF_THE_POOLER);
    }
    inVain.forEach(fault -> scene.findings().add("a fault never hits", fault.toString()));
  }

  private Scene prepare() throws IOException, InterruptedException, SQLException {
    Files.createDirectories(settings.out());
    PostgresServer server =
        PostgresServer.start(settings.embedded(), settings.out().resolve(SERVER_LOG));
    open.push(server);
    console.println("PostgreSQL " + server.description());
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String password = HexFormat.of().formatHex(random);
    Pooler pooler = settings.pooled() == 0 ? null : new Pooler(server.port(), password);
    Path schema = settings.out().resolve("schema.yaml");
    Database.writeSchema(schema, false);
    Database database = new Database(server, password);
    database.create();
    Scene scene = Scene.create(settings, schema, server, pooler, database);
    Database.writeSchema(scene.correctedSchema(), true);
    if (pooler != null) {
      open.push(pooler);
      pooler.start();
      console.println("PgBouncer before " + settings.pooled() + " of the services");
    }
    for (int number = 0; number < Scene.INSTANCES; number++) {
      Proxy proxy = new Proxy(way(scene, number));
      open.push(proxy);
      Instance instance = new Instance(number, proxy, scene);
      open.push(instance);
      scene.instances().add(instance);
    }
    for (Instance instance : scene.instances()) {
      instance.start();
    }
    return scene;
  }

  /** The port that the instance's connections lead to. */
  private int way(Scene scene, int number) {
    Pooler pooler = scene.pooler();
    return pooler != null && settings.isPooled(number) ? pooler.port() : scene.server().port();
  }

  /** In order; nothing may be left in the buffers before. */
  private static void stopAll(Scene scene) throws InterruptedException {
    for (Instance instance : scene.instances()) {
      if (!instance.isAlive()) {
        scene.findings().add("not running at the end", instance + "\n" + instance.endOfLog());
        continue;
      }
      try {
        assertIdle(instance, scene);
        instance.sampleWriters();
      } catch (IOException e) {
        scene.findings().add("no metrics", instance + ": " + e);
      }
      instance.terminate(false);
    }
  }

  private static void assertIdle(Instance instance, Scene scene)
      throws IOException, InterruptedException {
    for (String name : List.of("attolytics_buffer_bytes", "attolytics_ring_used_rows")) {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      double value = instance.metric(name);
      while (value != 0 && System.nanoTime() - deadline < 0) {
        Thread.sleep(100);
        value = instance.metric(name);
      }
      if (value != 0) {
        scene.findings().add("a buffer that does not empty", instance + ": " + name + " " + value);
      }
    }
  }

  /** A figure that stays as it is when its knob is turned would tell nothing. */
  private void judgeWriters(Instance instance, Findings findings) {
    console.println(instance + ": " + instance.shares());
    if (instance.shares().isOneIdle()) {
      findings.add("a writer that does nothing", instance + ": " + instance.shares());
    }
  }

  private void searchLogs(Scene scene) throws IOException {
    try (Stream<Path> files = Files.list(settings.out())) {
      for (Path log : files.filter(file -> isLog(file)).toList()) {
        try (Stream<String> lines = Files.lines(log)) {
          lines
              .filter(line -> OUTCRY.matcher(line).matches())
              .filter(line -> !EXCUSED.matcher(line).matches())
              .forEach(line -> scene.findings().add("an outcry in a log", log + ": " + line));
        }
      }
    }
  }

  private static boolean isLog(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.startsWith("service-") || name.startsWith("replay-");
  }

  private boolean report(Scene scene, long rows) throws IOException {
    console.print(scene.tally());
    console.print(summary(scene, rows));
    if (scene.findings().none()) {
      console.println(
          "nothing lost, duplicated, stored in part or unanswered; seed " + settings.seed());
      return true;
    }
    console.println(scene.findings());
    Files.writeString(settings.out().resolve("findings.txt"), scene.findings().toString());
    console.println("FAILED " + scene.findings().counts() + "; seed " + settings.seed());
    return false;
  }

  /** A row of a table in Markdown, for those who write down what was run. */
  private String summary(Scene scene, long rows) {
    return String.format(
        Locale.ROOT,
        "%n| minutes | seed | writers | through PgBouncer | faults | requests | rows | found |%n"
            + "| --- | --- | --- | --- | --- | --- | --- | --- |%n"
            + "| %.1f | %d | %d each | %d of %d | %,d | %,d | %,d | %s |%n",
        settings.duration().toMillis() / 60e3,
        settings.seed(),
        settings.writers(),
        settings.pooled(),
        Scene.INSTANCES,
        scene.tally().struck(),
        scene.ledger().requests().size(),
        rows,
        scene.findings().none() ? "nothing" : scene.findings().counts());
  }

  /** Ends everything that was started, in the reverse order. */
  @Override
  public void close() {
    synchronized (open) {
      while (!open.isEmpty()) {
        try {
          open.pop().close();
        } catch (Exception e) {
          console.println("error: " + e.getMessage());
        }
      }
    }
  }
}
