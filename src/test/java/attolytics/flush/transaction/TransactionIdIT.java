package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.bench.process.PostgresServer;
import attolytics.bench.process.PostgresServer.Mode;
import attolytics.buffer.NanoClock;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a server tells of a transaction, after what may happen to a server. */
@Timeout(120)
class TransactionIdIT {
  private static final TimeLimits LIMITS =
      new TimeLimits(0, Duration.ofMinutes(1).toNanos(), Duration.ofMinutes(1).toNanos());

  @TempDir static Path directory;
  private static PostgresServer server;

  @BeforeAll
  static void start() throws Exception {
    server = PostgresServer.start(false, directory.resolve("log"));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static Connection connect() throws SQLException {
    Connection connection = server.connect();
    connection.setAutoCommit(false);
    return connection;
  }

  private static TransactionStatus status(TransactionId id) throws SQLException {
    try (Connection connection = connect()) {
      return id.status(connection);
    }
  }

  @Test
  void status_isThatOfTheTransaction() throws Exception {
    try (Connection connection = connect()) {
      TransactionId id = TransactionId.begin(connection, LIMITS, OutcomeLookup.BY_TRANSACTION);
      assertEquals(TransactionStatus.UNDECIDED, status(id));
      connection.commit();
      assertEquals(TransactionStatus.COMMITTED, status(id));
      TransactionId other = TransactionId.begin(connection, LIMITS, OutcomeLookup.BY_TRANSACTION);
      connection.rollback();
      assertEquals(TransactionStatus.ABORTED, status(other));
    }
  }

  @Test
  void status_isKnownAfterAnOrderlyRestart() throws Exception {
    TransactionId id;
    try (Connection connection = connect()) {
      id = TransactionId.begin(connection, LIMITS, OutcomeLookup.BY_TRANSACTION);
      connection.commit();
    }
    server.stop(Mode.FAST);
    server.startAgain();
    assertEquals(TransactionStatus.COMMITTED, status(id));
  }

  @Test
  void status_isNotThatOfAnother_whoGotTheSameIdAfterACrash() throws Exception {
    TransactionId lost;
    Connection broken = connect();
    lost = TransactionId.begin(broken, LIMITS, OutcomeLookup.BY_TRANSACTION);
    server.stop(Mode.IMMEDIATE);
    server.startAgain();
    try (Connection connection = connect()) {
      TransactionId another;
      do {
        another = TransactionId.begin(connection, LIMITS, OutcomeLookup.BY_TRANSACTION);
        connection.commit();
      } while (number(another) < number(lost));
      // Unless the server itself has used a later one meanwhile, and written that down.
      assumeTrue(lost.xid().equals(another.xid()), "the id is not given out again");
    }
    assertEquals(TransactionStatus.UNKNOWN, status(lost));
  }

  @Test
  void status_isNotAskedForAgainOnAConnectionThatCannotTell() throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(server.jdbcUrl());
    config.setAutoCommit(false);
    config.setMaximumPoolSize(1);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      JdbcFlushDatabase database =
          new JdbcFlushDatabase(
              pool, OutcomeLookup.BY_TRANSACTION, Duration.ofDays(1), NanoClock.SYSTEM);
      int before = process(pool);
      TransactionId future = new TransactionId("4000000000", "00000001", 0);
      assertEquals(TransactionStatus.UNKNOWN, database.status(future, LIMITS.totalNanos()));
      assertNotEquals(before, process(pool));
    }
  }

  private static int process(DataSource pool) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getInt(1);
    }
  }

  private static long number(TransactionId id) {
    return Long.parseLong(id.xid());
  }

  @Test
  void status_isUnknownOnAnotherTimeline() throws Exception {
    try (Connection connection = connect()) {
      TransactionId id = TransactionId.begin(connection, LIMITS, OutcomeLookup.BY_TRANSACTION);
      connection.commit();
      assertEquals(
          TransactionStatus.UNKNOWN, status(new TransactionId(id.xid(), "00000009", id.began())));
    }
  }
}
