package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

class FailureCauseTest {
  private static SQLException atConnect(Exception root) {
    return new PSQLException(
        "The connection attempt failed.", PSQLState.CONNECTION_UNABLE_TO_CONNECT, root);
  }

  private static SQLException atQuery(Exception root) {
    return new PSQLException(
        "An I/O error occurred while sending to the backend.", PSQLState.CONNECTION_FAILURE, root);
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            atConnect(new UnknownHostException("db.internal")),
            "cannot connect: unknown host db.internal, SQLSTATE 08001"),
        Arguments.of(
            atConnect(new EOFException()),
            "cannot connect: the server closed the connection, SQLSTATE 08001"),
        Arguments.of(
            atConnect(new SocketTimeoutException("Connect timed out")),
            "cannot connect: the server did not respond in time, SQLSTATE 08001"),
        Arguments.of(
            atConnect(new NoRouteToHostException("No route to host")),
            "cannot connect: no route to host, SQLSTATE 08001"),
        Arguments.of(
            atConnect(new SocketException("No such file or directory")),
            "cannot connect: no such file or directory, SQLSTATE 08001"),
        Arguments.of(
            atQuery(new EOFException()), "the server closed the connection, SQLSTATE 08006"),
        Arguments.of(
            atQuery(new SocketException("Connection reset")),
            "the connection is lost: connection reset, SQLSTATE 08006"),
        Arguments.of(
            new PSQLException("This connection has been closed.", null),
            "This connection has been closed"),
        Arguments.of(
            new SQLTransientConnectionException("pool - not available (total=2, active=2)"),
            "the pool gave no connection in time"),
        Arguments.of(new SQLException("FATAL: no\n  Detail: more"), "FATAL: no"),
        Arguments.of(
            new PSQLException(
                new ServerErrorMessage("SFATAL\0VFATAL\0C57P03\0Mthe system is starting up\0")),
            "FATAL: the system is starting up, SQLSTATE 57P03"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void cause_isInPlainWords_withTheSqlState(SQLException failure, String expected) {
    assertEquals(expected, Connector.cause(failure));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void cause_isTheSame_whenThePoolHasWrappedIt(SQLException failure, String expected) {
    assertEquals(
        expected, Connector.cause(new SQLTransientConnectionException("pool - gave up", failure)));
  }

  @Test
  void ownWords_areKept() {
    SQLException own =
        new SQLException("no second connection", "55000", atQuery(new EOFException()));
    assertEquals("no second connection", Connector.message(own));
  }

  @Test
  void refusedConnection_namesHostAndPort() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    SQLException refused =
        assertThrows(
            SQLException.class,
            () ->
                DriverManager.getConnection(
                    "jdbc:postgresql://127.0.0.1:" + port + "/d?user=u&password=p"));
    String expected = "cannot connect to 127.0.0.1:" + port + ": connection refused";
    assertEquals(expected + ", SQLSTATE 08001", Connector.cause(refused));
    assertEquals(expected, Connector.message(refused));
  }
}
