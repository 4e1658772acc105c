package attolytics.bench;

import attolytics.bench.part.Closed;
import attolytics.bench.part.Crowd;
import attolytics.bench.part.Growth;
import attolytics.bench.part.Inserts;
import attolytics.bench.part.InvalidEvents;
import attolytics.bench.part.Lone;
import attolytics.bench.part.Open;
import attolytics.bench.part.Peer;
import attolytics.bench.part.Peers;
import attolytics.bench.part.Plan;
import attolytics.bench.part.Repeats;
import attolytics.bench.part.Stages;
import attolytics.bench.part.Sweep;
import attolytics.bench.process.PostgresServer;
import attolytics.bench.process.Processor;
import attolytics.bench.report.Report;
import attolytics.bench.result.Results;
import attolytics.bench.rig.Resources;
import attolytics.bench.rig.Rig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The whole benchmark, or parts of it. Run it by {@code bench/run}. */
@Command(
    name = "bench/run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description =
        "Measures the service beside raw COPY and other ways to insert, in turns, on a PostgreSQL"
            + " of its own, and checks that the tables hold exactly what was acknowledged. Raw"
            + " results and charts go to bench/results, tables to bench/README.md.")
public final class BenchCommand implements Callable<Integer> {
  /** What can be measured by itself. */
  enum Part {
    /** All that the table of goals needs, and no more. */
    TABLE,
    /** Closed loops. */
    CLOSED,
    /** Closed loops of other ways to insert. */
    INSERTS,
    /** Closed loops over connections, bodies and writers. */
    SWEEP,
    /** Latencies: open loops, and a lone client. */
    OPEN,
    /** Ten thousand connections on a small heap; other costs come with every closed loop. */
    COST,
    /** What grows. */
    GROWTH,
    /** Rows that repeat, on a table with deduplicate_by. */
    REPEATS,
    /** Lenient handling, with events that go to quarantine. */
    LENIENT,
    /** JMH. */
    STAGES,
    /** Other services, if there are any. */
    PEERS
  }

  private static final Path RESULTS = Path.of("bench", "results");
  private static final Path README = Path.of("bench", "README.md");
  private static final long LIMIT_MINUTES = 120;
  private static final long SMOKE_LIMIT_MINUTES = 5;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "Parts to measure, of: ${COMPLETION-CANDIDATES}; else all of them.")
  private Set<Part> only = EnumSet.complementOf(EnumSet.of(Part.TABLE));

  @Option(
      names = "--peer",
      paramLabel = "NAME=WHAT",
      converter = Peer.Converter.class,
      description = "Another service for the part 'peers', repeatable: " + Peer.FORMS + ".")
  private List<Peer> peers = List.of();

  @Option(names = "--rounds", description = "Rounds that count, of each load.")
  private int rounds = 5;

  @Option(names = "--seconds", description = "Seconds a round.")
  private double seconds = 4;

  @Option(names = "--warmup", description = "Seconds of each load before its first round.")
  private double warmup = 6;

  @Option(
      names = "--report",
      description = "Measure nothing: make tables and charts again from the raw results.")
  private boolean reportOnly;

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
      description =
          "Only show that all this works: a run of a minute through every part, whose figures mean"
              + " nothing, and which leaves bench/ as it is.")
  private boolean smoke;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the results go; elsewhere than bench/results with their own README.md.")
  private Path out = RESULTS;

  private long partStart = System.nanoTime();
  private final PrintWriter console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);

  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    CommandLine command =
        new CommandLine(new BenchCommand()).setCaseInsensitiveEnumValuesAllowed(true);
    System.exit(command.execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (smoke) {
      out = out.equals(RESULTS) ? Path.of("target", "bench", "smoke") : out;
      jvmOptions = List.of("-XX:TieredStopAtLevel=1"); // no time to compile anything well
    }
    endInTime(smoke ? SMOKE_LIMIT_MINUTES : LIMIT_MINUTES);
    Results results = new Results(out);
    boolean closed = reportOnly || measure(results);
    new Report(results).write(readme());
    return closed ? 0 : 1;
  }

  /** Returns whether everything was closed in order, too. */
  private boolean measure(Results results) throws Exception {
    Plan plan = smoke ? new Plan(1, 0.3, 0, true) : new Plan(rounds, seconds, warmup, false);
    if (only.contains(Part.STAGES)) {
      Stages.run(results, plan); // by itself, before anything else runs
      tellTime("stages");
    }
    Path logs = Files.createDirectories(Path.of("target", "bench"));
    Path log = logs.resolve("postgresql.log");
    Files.deleteIfExists(log);
    Resources resources = new Resources();
    try {
      PostgresServer server = resources.open(() -> PostgresServer.start(embedded, log));
      Rig rig = new Rig(server, resources, results, logs, console, jvmOptions, serviceOptions);
      results.note("machine.txt", machine(server, rig));
      measure(rig, plan, logs.resolve("growth.conf.yaml"));
    } finally {
      resources.close();
    }
    return !resources.failedToClose();
  }

  private void measure(Rig rig, Plan plan, Path growthSchema) throws Exception {
    boolean table = only.contains(Part.TABLE);
    if (table || only.contains(Part.CLOSED)) {
      new Closed(rig, plan).run();
      tellTime("closed loops");
    }
    if (only.contains(Part.INSERTS)) {
      new Inserts(rig, plan).run();
      tellTime("inserts");
    }
    if (only.contains(Part.SWEEP)) {
      new Sweep(rig, plan).run();
      tellTime("sweep");
    }
    if (table || only.contains(Part.OPEN)) {
      new Lone(rig, plan).run();
      new Open(rig, plan).run(only.contains(Part.OPEN));
      tellTime("latency");
    }
    if (table || only.contains(Part.COST)) {
      new Crowd(rig, plan).run();
      tellTime("many connections");
    }
    if (only.contains(Part.GROWTH)) {
      new Growth(rig, plan.shorterButWarm(), growthSchema).run();
      tellTime("growth");
    }
    if (only.contains(Part.REPEATS)) {
      new Repeats(rig, plan).run();
      tellTime("repeats");
    }
    if (only.contains(Part.LENIENT)) {
      new InvalidEvents(rig, plan).run();
      tellTime("lenient handling");
    }
    if (only.contains(Part.PEERS) && !peers.isEmpty()) {
      new Peers(rig, plan, peers).run();
      tellTime("peers");
    }
  }

  private void tellTime(String part) {
    long now = System.nanoTime();
    console.printf(Locale.ROOT, "%s took %.1f minutes%n", part, (now - partStart) / 60e9);
    partStart = now;
  }

  private String machine(PostgresServer server, Rig rig) throws SQLException {
    String text =
        String.format(
            Locale.ROOT,
            "%d processors (%s), %s %s, JDK %s, PostgreSQL %s %s; fsync and synchronous_commit on."
                + " %d rounds of %.1f s. %s.",
            Runtime.getRuntime().availableProcessors(),
            Processor.model(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            System.getProperty("java.version"),
            rig.database().version(),
            server.description(),
            rounds,
            seconds,
            LocalDate.now(ZoneOffset.UTC));
    console.println(text);
    return text;
  }

  /** The file that the tables go to: a copy, unless the results are the project's own. */
  private Path readme() throws IOException {
    if (out.equals(RESULTS)) {
      return README;
    }
    Files.createDirectories(out);
    return Files.copy(
        README, out.resolve(README.getFileName()), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Whatever hangs. */
  private void endInTime(long minutes) {
    long end = System.nanoTime() + minutes * 60_000_000_000L;
    Thread watchdog =
        new Thread(
            () -> {
              for (long left = 1; left > 0; left = end - System.nanoTime()) {
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
