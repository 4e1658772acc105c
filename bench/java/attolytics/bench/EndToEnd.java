package attolytics.bench;

import attolytics.schema.SchemaException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How much the service takes, beside what the database takes by itself: rounds of closed loops over
 * HTTP and of raw COPY, in turns, on one server and one table. Run it by {@code bench/run}.
 */
@Command(
    name = "bench/run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description =
        "Measures the service (A) and raw COPY (B) in turns, on a PostgreSQL of its own, and"
            + " checks that the table holds exactly what was acknowledged.")
public final class EndToEnd implements Callable<Integer> {
  /** With and without the indexes that the schema file declares. */
  enum Indexes {
    YES,
    NO,
    BOTH
  }

  /** How many different events there are: they come again, with other times. */
  private static final int EVENTS = 10_000;

  private static final double PATIENCE_SECONDS = 180;

  @Option(names = "--rounds", description = "Rounds that count, of each load.")
  private int rounds = 5;

  @Option(names = "--seconds", description = "Seconds a round.")
  private double seconds = 10;

  @Option(names = "--warmup", description = "Seconds of each load before the first round.")
  private double warmup = 15;

  @Option(
      names = "--connections",
      split = ",",
      description = "Connections of the closed loop: a load for each number.")
  private List<Integer> connections = List.of(64, 256);

  @Option(names = "--events", description = "Events a body.")
  private int events = 10;

  @Option(
      names = "--copy-rows",
      description = "Rows a transaction of raw COPY; as many as the service's fullest flush.")
  private int copyRows = 10_000;

  @Option(names = "--indexes", description = "One of: ${COMPLETION-CANDIDATES}.")
  private Indexes indexes = Indexes.BOTH;

  @Option(
      names = "--embedded",
      description = "Take the embedded PostgreSQL even if there is another.")
  private boolean embedded;

  @Option(names = "--service", description = "An option for the service, repeatable.")
  private List<String> serviceOptions = List.of();

  @Option(names = "--jvm", description = "An option for the service's JVM, repeatable.")
  private List<String> jvmOptions = List.of();

  @Option(
      names = "--smoke",
      description = "Only show that all this works: one short round, whose figures mean nothing.")
  private boolean smoke;

  @Option(names = "--out", description = "Directory of results and logs.")
  private Path out = Path.of("target", "bench");

  private final PrintWriter console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
  private final Report report = new Report();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private boolean closing; // by the lock on what is open
  private volatile boolean failedToClose;

  public static void main(String[] args) {
    CommandLine command = new CommandLine(new EndToEnd()).setCaseInsensitiveEnumValuesAllowed(true);
    System.exit(command.execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (smoke) {
      rounds = 1;
      seconds = 1;
      warmup = 0.5;
      connections = List.of(16);
    }
    endInTime();
    Runtime.getRuntime().addShutdownHook(new Thread(this::closeAll, "close"));
    Files.createDirectories(out);
    Path log = out.resolve("postgresql.log");
    Files.deleteIfExists(log);
    try {
      PostgresServer server = opened(() -> PostgresServer.start(embedded, log));
      ServiceProcess service =
          opened(
              () ->
                  ServiceProcess.start(
                      server.url(), jvmOptions, serviceOptions, out.resolve("service.log")));
      Bench bench = opened(() -> new Bench(server, service));
      describe(server, bench);
      measure(server, service, bench);
    } finally {
      closeAll();
    }
    return failedToClose ? 1 : 0;
  }

  private void describe(PostgresServer server, Bench bench) throws SQLException {
    console.printf(
        Locale.ROOT,
        "%d processors, %s %s, JDK %s, PostgreSQL %s %s; fsync and synchronous_commit on%n",
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        System.getProperty("java.version"),
        bench.version(),
        server.description());
    console.printf(
        Locale.ROOT,
        "%d rounds of %.1f s, %d events a body; raw COPY %d rows a transaction%n%n",
        rounds,
        seconds,
        events,
        copyRows);
  }

  private void measure(PostgresServer server, ServiceProcess service, Bench bench)
      throws IOException, SQLException, SchemaException {
    ExampleEvents stream = new ExampleEvents(ExampleEvents.FieldOrder.SCHEMA);
    RawCopy copy = new RawCopy(server, stream.bodies(copyRows, 1));
    int bodies = Math.max(1, EVENTS / events);
    List<ClosedLoop> loops = new ArrayList<>();
    for (int each : connections) {
      loops.add(new ClosedLoop(service.port(), each, stream.bodies(bodies, events)));
    }
    String stamp = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replace(":", "");
    Path results = out.resolve("end-to-end-" + stamp + ".csv");
    try (PrintWriter csv =
        new PrintWriter(Files.newBufferedWriter(results, StandardCharsets.UTF_8), true)) {
      csv.println(Round.CSV_HEAD);
      if (indexes != Indexes.NO) {
        measure(bench, loops, copy, csv);
      }
      if (indexes != Indexes.YES) {
        bench.dropIndexes();
        measure(bench, loops, copy, csv);
      }
    }
    console.printf("%n%s%nraw results: %s%n", report, results);
  }

  private void measure(Bench bench, List<ClosedLoop> loops, RawCopy copy, PrintWriter csv)
      throws IOException, SQLException {
    for (int number = 0; number <= rounds; number++) {
      Duration duration = Duration.ofNanos((long) (1e9 * (number == 0 ? warmup : seconds)));
      for (ClosedLoop loop : loops) {
        Round a = bench.run(loop, number, events, loop.connections(), duration);
        if (smoke) {
          bench.verifyDistinct();
        }
        tell(a, csv);
        Round b = bench.run(copy, number, 0, 1, duration);
        tell(b, csv);
        if (number > 0) {
          report.add(a, b);
        }
      }
    }
  }

  private void tell(Round round, PrintWriter csv) {
    csv.println(round.toCsv());
    console.printf(
        Locale.ROOT,
        "%s  %d indexes  %-24s %,9.0f rows/s%n",
        round.number() == 0 ? "warm-up" : "round " + round.number(),
        round.indexes(),
        round.load(),
        round.sent().rowsPerSecond());
  }

  /** Under the lock, so that an interruption cannot miss what is just being opened. */
  private <T extends AutoCloseable> T opened(Callable<T> opening) throws Exception {
    synchronized (open) {
      if (closing) {
        throw new IOException("interrupted");
      }
      T resource = opening.call();
      open.push(resource);
      return resource;
    }
  }

  /** In the reverse order. Also when the run is interrupted, lest a server is left behind. */
  private void closeAll() {
    synchronized (open) {
      closing = true;
      while (!open.isEmpty()) {
        try {
          open.pop().close();
        } catch (Exception e) {
          failedToClose = true;
          console.println("error: " + e.getMessage());
        }
      }
    }
  }

  /** Whatever hangs: a run takes twice as long as it should at most, and some minutes. */
  private void endInTime() {
    int variants = indexes == Indexes.BOTH ? 2 : 1;
    double planned = variants * 2 * connections.size() * (warmup + rounds * seconds);
    long nanos = (long) (1e9 * (2 * planned + PATIENCE_SECONDS));
    Thread watchdog =
        new Thread(
            () -> {
              long end = System.nanoTime() + nanos;
              for (long left = nanos; left > 0; left = end - System.nanoTime()) {
                LockSupport.parkNanos(left);
              }
              console.println("error: the run takes too long");
              System.exit(1);
            },
            "watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
  }
}
