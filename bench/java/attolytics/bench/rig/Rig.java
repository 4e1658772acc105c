package attolytics.bench.rig;

import attolytics.bench.insert.InsertServer;
import attolytics.bench.insert.InsertStyle;
import attolytics.bench.load.ExampleEvents;
import attolytics.bench.load.Load;
import attolytics.bench.process.Allocations;
import attolytics.bench.process.CpuTime;
import attolytics.bench.process.IdleTime;
import attolytics.bench.process.PeakMemory;
import attolytics.bench.process.PostgresServer;
import attolytics.bench.process.ServiceProcess;
import attolytics.bench.result.Results;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** The database and the servers before it; measures loads on them, one at a time. */
public final class Rig {
  private final PostgresServer server;
  private final Resources resources;
  private final Results results;
  private final Path logs;
  private final PrintWriter console;
  private final List<String> jvmOptions;
  private final List<String> serviceOptions;
  private final Database database;

  /** Counters that only grow; what a load cost is the difference of two. */
  private record Usage(
      double serviceCpu,
      double postgresCpu,
      double loadCpu,
      long transactions,
      long walBytes,
      IdleTime machine) {}

  /**
   * @param logs where servers write their logs
   * @param jvmOptions for each service
   * @param serviceOptions for each service
   */
  public Rig(
      PostgresServer server,
      Resources resources,
      Results results,
      Path logs,
      PrintWriter console,
      List<String> jvmOptions,
      List<String> serviceOptions)
      throws Exception {
    this.server = server;
    this.resources = resources;
    this.results = results;
    this.logs = logs;
    this.console = console;
    this.jvmOptions = jvmOptions;
    this.serviceOptions = serviceOptions;
    this.database = resources.open(() -> new Database(server.connect()));
  }

  public PostgresServer server() {
    return server;
  }

  public Results results() {
    return results;
  }

  public PrintWriter console() {
    return console;
  }

  public Database database() {
    return database;
  }

  /** The service with the example's schema. */
  public Served service(String... options) throws Exception {
    return service(List.of(), ExampleEvents.SCHEMA_FILE, List.of(), List.of(options));
  }

  /**
   * The service.
   *
   * @param prefix what stands before its command, or nothing
   */
  public Served service(List<String> prefix, Path schema, List<String> jvm, List<String> options)
      throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        ServiceProcess.command(
            ServiceProcess.JAR, schema, joined(jvmOptions, jvm), joined(serviceOptions, options)));
    return start(command, server.url(), "service");
  }

  /** Another build of the service, with the example's schema and default options. */
  public Served service(Path jar, String databaseUrl, String name) throws Exception {
    return start(
        ServiceProcess.command(jar, ExampleEvents.SCHEMA_FILE, jvmOptions, List.of()),
        databaseUrl,
        name);
  }

  /** The service's front with another writer, on the table that the service has created. */
  public Served insertServer(InsertStyle style) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ServiceProcess.java());
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(InsertServer.class.getName(), style.name()));
    return start(command, server.jdbcUrl(), style.name().toLowerCase(Locale.ROOT));
  }

  private Served start(List<String> command, String databaseUrl, String name) throws Exception {
    Path log = logs.resolve(name + ".log");
    return resources.open(() -> Served.of(ServiceProcess.start(command, databaseUrl, log)));
  }

  private static List<String> joined(List<String> these, List<String> those) {
    List<String> all = new ArrayList<>(these);
    all.addAll(those);
    return all;
  }

  /** Another database, which is closed at the end. */
  public Database open(Callable<Database> opening) throws Exception {
    return resources.open(opening);
  }

  /** Stops a server already. */
  public void stop(Served served) throws Exception {
    resources.close(served);
  }

  /**
   * The database that services write to unless another is named.
   *
   * @param served the server before it, or null if a load goes to the database itself
   */
  public Target target(@Nullable Served served) {
    return new Target(database, served);
  }

  /** Runs a load on empty tables. */
  public Round measureOnEmpty(
      Scenario scenario, int number, Load load, Target target, double seconds)
      throws IOException, SQLException, InterruptedException {
    target.database().truncate();
    return measure(scenario, number, load, target, seconds);
  }

  /**
   * Runs a load, and keeps and tells what it came to.
   *
   * @throws IOException if the tables do not hold exactly what was acknowledged, then
   */
  public Round measure(Scenario scenario, int number, Load load, Target target, double seconds)
      throws IOException, SQLException, InterruptedException {
    Database rows = target.database();
    Served served = target.served();
    rows.checkpoint();
    long rowsBefore = rows.rows();
    Allocations.Bytes allocatedBefore = allocated(served);
    Usage before = usage(target);
    Load.Sent sent = load.run(Duration.ofNanos((long) (1e9 * seconds)));
    Usage after = usage(target);
    Allocations.Bytes allocated = allocated(served);
    verify(scenario, sent, rows.rows() - rowsBefore);
    Round.Cost cost =
        new Round.Cost(
            after.serviceCpu - before.serviceCpu,
            after.postgresCpu - before.postgresCpu,
            after.loadCpu - before.loadCpu,
            after.transactions - before.transactions,
            after.walBytes - before.walBytes,
            allocated.all() - allocatedBefore.all(),
            allocated.writers() - allocatedBefore.writers(),
            served == null ? 0 : PeakMemory.kibOf(served.pid()),
            after.machine.shareSince(before.machine));
    Round round = new Round(scenario, number, Round.Came.of(sent), cost);
    results.add(round);
    tell(round);
    return round;
  }

  private static void verify(Scenario scenario, Load.Sent sent, long stored) throws IOException {
    if (stored != sent.rows() || stored == 0) {
      throw new IOException(
          scenario + ": " + sent.rows() + " rows acknowledged, but " + stored + " stored");
    }
  }

  private void tell(Round round) {
    console.printf(
        Locale.ROOT,
        "%-8s %-60s %,10.0f rows/s, %2.0f %% idle%n",
        round.number() == 0 ? "warm-up" : "round " + round.number(),
        round.scenario(),
        round.rowsPerSecond(),
        round.idlePercent());
  }

  private static Allocations.Bytes allocated(@Nullable Served served) {
    return served == null ? new Allocations.Bytes(0, 0) : served.allocations().now();
  }

  private Usage usage(Target target) throws SQLException {
    Served served = target.served();
    return new Usage(
        served == null ? 0 : CpuTime.ofProcess(served.pid()),
        CpuTime.ofFamily(server.pid()),
        CpuTime.ofProcess(ProcessHandle.current().pid()),
        target.database().transactions(),
        target.database().walBytes(),
        IdleTime.now());
  }
}
