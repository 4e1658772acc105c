package attolytics.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The database and the servers before it; measures loads on them, one at a time. */
final class Rig {
  private static final String TABLES =
      "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
          + " AND tablename NOT LIKE 'attolytics%'";
  private static final String INDEXES =
      "SELECT quote_ident(indexname) FROM pg_indexes WHERE schemaname = 'public'"
          + " AND tablename = 'events'";

  private final PostgresServer server;
  private final Resources resources;
  private final Results results;
  private final Path logs;
  private final PrintWriter console;
  private final List<String> jvmOptions;
  private final List<String> serviceOptions;
  private final Connection connection;

  /** Counters that only grow; what a load cost is the difference of two. */
  private record Usage(
      double serviceCpu, double postgresCpu, double loadCpu, long transactions, long walBytes) {}

  /**
   * @param logs where servers write their logs
   * @param jvmOptions for each service
   * @param serviceOptions for each service
   */
  Rig(
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
    this.connection = resources.open(server::connect);
  }

  PostgresServer server() {
    return server;
  }

  Results results() {
    return results;
  }

  PrintWriter console() {
    return console;
  }

  /** The service with the example's schema. */
  Served service(String... options) throws Exception {
    return service(List.of(), ExampleEvents.SCHEMA_FILE, List.of(), List.of(options));
  }

  /**
   * The service.
   *
   * @param prefix what stands before its command, or nothing
   */
  Served service(List<String> prefix, Path schema, List<String> jvm, List<String> options)
      throws Exception {
    List<String> allJvm = joined(jvmOptions, jvm);
    List<String> all = joined(serviceOptions, options);
    Path log = logs.resolve("service.log");
    return resources.open(
        () -> Served.of(ServiceProcess.start(prefix, schema, server.url(), allJvm, all, log)));
  }

  private static List<String> joined(List<String> these, List<String> those) {
    List<String> all = new ArrayList<>(these);
    all.addAll(those);
    return all;
  }

  /** The service's front with another writer, on the table that the service has created. */
  Served insertServer(InsertStyle style) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ServiceProcess.java());
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(InsertServer.class.getName(), style.name()));
    Path log = logs.resolve(style.name().toLowerCase(Locale.ROOT) + ".log");
    return resources.open(() -> Served.of(ServiceProcess.start(command, server.jdbcUrl(), log)));
  }

  /** Stops a server already. */
  void stop(Served served) throws Exception {
    resources.close(served);
  }

  /** Creates a table that is none of the service's. */
  void create(String statement) throws SQLException {
    execute(statement);
  }

  void dropTables() throws SQLException {
    execute("DROP SCHEMA public CASCADE");
    execute("CREATE SCHEMA public");
  }

  /** Of the example's table. */
  void dropIndexes() throws SQLException {
    for (String index : names(INDEXES)) {
      execute("DROP INDEX " + index);
    }
  }

  /** Runs a load on empty tables. */
  Round measureOnEmpty(
      Scenario scenario, int number, Load load, @Nullable Served served, double seconds)
      throws IOException, SQLException, InterruptedException {
    execute("TRUNCATE " + String.join(", ", names(TABLES)));
    return measure(scenario, number, load, served, seconds);
  }

  /**
   * Runs a load, and keeps and tells what it came to.
   *
   * @param served the server that takes it, or null if it goes to the database
   * @throws IOException if the tables do not hold exactly what was acknowledged, then
   */
  Round measure(Scenario scenario, int number, Load load, @Nullable Served served, double seconds)
      throws IOException, SQLException, InterruptedException {
    execute("CHECKPOINT");
    long rowsBefore = rows();
    Allocations.Bytes allocatedBefore = allocated(served);
    Usage before = usage(served);
    Load.Sent sent = load.run(Duration.ofNanos((long) (1e9 * seconds)));
    Usage after = usage(served);
    Allocations.Bytes allocated = allocated(served);
    verify(scenario, sent, rows() - rowsBefore);
    Round.Cost cost =
        new Round.Cost(
            after.serviceCpu - before.serviceCpu,
            after.postgresCpu - before.postgresCpu,
            after.loadCpu - before.loadCpu,
            after.transactions - before.transactions,
            after.walBytes - before.walBytes,
            allocated.all() - allocatedBefore.all(),
            allocated.writers() - allocatedBefore.writers(),
            served == null ? 0 : PeakMemory.kibOf(served.pid()));
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

  /** That no event is there twice, which a count alone would not tell. Takes a while. */
  void verifyDistinct() throws IOException, SQLException {
    long repeated = number("SELECT count(*) - count(DISTINCT time) FROM events");
    if (repeated != 0) {
      throw new IOException(repeated + " rows are in the table twice");
    }
  }

  private void tell(Round round) {
    console.printf(
        Locale.ROOT,
        "%-8s %-60s %,10.0f rows/s%n",
        round.number() == 0 ? "warm-up" : "round " + round.number(),
        round.scenario(),
        round.rowsPerSecond());
  }

  private static Allocations.Bytes allocated(@Nullable Served served) {
    return served == null ? new Allocations.Bytes(0, 0) : served.allocations().now();
  }

  private Usage usage(@Nullable Served served) throws SQLException {
    return new Usage(
        served == null ? 0 : CpuTime.ofProcess(served.pid()),
        CpuTime.ofFamily(server.pid()),
        CpuTime.ofProcess(ProcessHandle.current().pid()),
        // Exact, where the counters of pg_stat_database come late.
        number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"),
        number("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"));
  }

  private long rows() throws SQLException {
    long rows = 0;
    for (String table : names(TABLES)) {
      rows += number("SELECT count(*) FROM " + table);
    }
    return rows;
  }

  /** The server's version. */
  String version() throws SQLException {
    return connection.getMetaData().getDatabaseProductVersion();
  }

  private void execute(String statement) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }

  private List<String> names(String query) throws SQLException {
    List<String> names = new ArrayList<>();
    try (Statement sql = connection.createStatement();
        ResultSet result = sql.executeQuery(query)) {
      while (result.next()) {
        names.add(result.getString(1));
      }
    }
    return names;
  }

  private long number(String query) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet result = sql.executeQuery(query)) {
      result.next();
      return result.getLong(1);
    }
  }
}
