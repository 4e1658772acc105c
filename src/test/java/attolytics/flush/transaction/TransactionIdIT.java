package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.bench.process.PostgresServer;
import attolytics.bench.process.PostgresServer.Mode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
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
      assertEquals(TransactionStatus.IN_PROGRESS, status(id));
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
