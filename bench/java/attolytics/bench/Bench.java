package attolytics.bench;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs loads on the example's table and measures what they come to and what they cost. */
final class Bench implements AutoCloseable {
  private static final String INDEXES =
      "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'events'";

  private final long servicePid;
  private final long postgresPid;
  private final Connection connection;

  /** Counters that only grow; what a load cost is the difference of two. */
  private record Usage(
      double serviceCpu, double postgresCpu, double loadCpu, long transactions, long walBytes) {}

  Bench(PostgresServer server, ServiceProcess service) throws SQLException {
    servicePid = service.pid();
    connection = server.connect();
    // A backend is a child of the server.
    long backend = number("SELECT pg_backend_pid()");
    postgresPid =
        ProcessHandle.of(backend)
            .flatMap(ProcessHandle::parent)
            .map(ProcessHandle::pid)
            .orElse(-1L);
  }

  /** The server's version. */
  String version() throws SQLException {
    return connection.getMetaData().getDatabaseProductVersion();
  }

  int indexes() throws SQLException {
    return indexNames().size();
  }

  void dropIndexes() throws SQLException {
    try (Statement sql = connection.createStatement()) {
      for (String index : indexNames()) {
        sql.execute("DROP INDEX \"" + index + "\"");
      }
    }
  }

  /**
   * Runs the load on the empty table.
   *
   * @param number of the round
   * @throws IOException if the table then holds other than what was acknowledged
   */
  Round run(Load load, int number, int eventsPerBody, int connections, Duration duration)
      throws IOException, SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute("TRUNCATE events");
      sql.execute("CHECKPOINT");
    }
    Usage before = usage();
    Load.Sent sent = load.run(duration);
    Usage after = usage();
    verify(load, sent);
    return new Round(
        load.name(),
        indexes(),
        eventsPerBody,
        connections,
        number,
        sent,
        after.serviceCpu - before.serviceCpu,
        after.postgresCpu - before.postgresCpu,
        after.loadCpu - before.loadCpu,
        after.transactions - before.transactions,
        after.walBytes - before.walBytes);
  }

  private void verify(Load load, Load.Sent sent) throws IOException, SQLException {
    long stored = number("SELECT count(*) FROM events");
    if (stored != sent.rows() || stored == 0) {
      throw new IOException(
          load.name() + ": " + sent.rows() + " rows acknowledged, but " + stored + " in the table");
    }
  }

  /** That no event is there twice, which a count alone would not tell. Takes a while. */
  void verifyDistinct() throws IOException, SQLException {
    long repeated = number("SELECT count(*) - count(DISTINCT time) FROM events");
    if (repeated != 0) {
      throw new IOException(repeated + " rows are in the table twice");
    }
  }

  private Usage usage() throws SQLException {
    return new Usage(
        CpuTime.ofProcess(servicePid),
        CpuTime.ofFamily(postgresPid),
        CpuTime.ofProcess(ProcessHandle.current().pid()),
        // Exact, where the counters of pg_stat_database come late.
        number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"),
        number("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"));
  }

  private List<String> indexNames() throws SQLException {
    List<String> names = new ArrayList<>();
    try (Statement sql = connection.createStatement();
        ResultSet result = sql.executeQuery(INDEXES)) {
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

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
