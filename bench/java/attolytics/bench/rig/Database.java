package attolytics.bench.rig;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A database that rows go to: its tables, and the counters of its server. */
public final class Database implements AutoCloseable {
  private static final String TABLES =
      "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
          + " AND tablename NOT LIKE 'attolytics%'";
  private static final String INDEXES =
      "SELECT quote_ident(indexname) FROM pg_indexes WHERE schemaname = 'public'"
          + " AND tablename = 'events'";

  private final Connection connection;

  public Database(Connection connection) {
    this.connection = connection;
  }

  public void execute(String statement) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }

  public void dropTables() throws SQLException {
    execute("DROP SCHEMA public CASCADE");
    execute("CREATE SCHEMA public");
  }

  /** Of the example's table. */
  public void dropIndexes() throws SQLException {
    for (String index : names(INDEXES)) {
      execute("DROP INDEX " + index);
    }
  }

  void truncate() throws SQLException {
    execute("TRUNCATE " + String.join(", ", names(TABLES)));
  }

  void checkpoint() throws SQLException {
    execute("CHECKPOINT");
  }

  /** Of all tables that events go to. */
  long rows() throws SQLException {
    long rows = 0;
    for (String table : names(TABLES)) {
      rows += number("SELECT count(*) FROM " + table);
    }
    return rows;
  }

  /** That no event is there twice, which a count alone would not tell. Takes a while. */
  public void verifyDistinct() throws IOException, SQLException {
    long repeated = number("SELECT count(*) - count(DISTINCT time) FROM events");
    if (repeated != 0) {
      throw new IOException(repeated + " rows are in the table twice");
    }
  }

  /** The next transaction id: exact, where the counters of pg_stat_database come late. */
  long transactions() throws SQLException {
    return number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
  }

  long walBytes() throws SQLException {
    return number("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
  }

  /** The server's version. */
  public String version() throws SQLException {
    return connection.getMetaData().getDatabaseProductVersion();
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

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
