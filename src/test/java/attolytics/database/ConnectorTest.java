package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class ConnectorTest {
  @ParameterizedTest
  @CsvSource({
    "08P01, 'server login has been failing, try again later (server_login_retry)', true",
    "08P01, 'pgbouncer cannot connect to server', true",
    "08P01, query_wait_timeout, true",
    "08P01, server conn crashed?, true",
    "08P01, 'unsupported startup parameter: search_path', false",
    "57P03, the database system is starting up, true",
    "57P01, terminating connection due to administrator command, true",
    "53300, sorry, true",
    "28P01, password authentication failed, false",
    "3D000, no such database, false",
    "42501, permission denied, false",
  })
  void isTransient_ifTheServerIsAway(String sqlState, String message, boolean expected) {
    String fields = "SFATAL\0VFATAL\0C" + sqlState + "\0M" + message + "\0";
    assertEquals(
        expected, Connector.isTransient(new PSQLException(new ServerErrorMessage(fields))));
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(new ConnectException("Connection refused"), "Connection refused"),
        Arguments.of(new UnknownHostException("db.internal"), "unknown host db.internal"),
        Arguments.of(new EOFException(), "The attempt failed."),
        Arguments.of(new SQLException("FATAL: no\n  Detail: more"), "FATAL: no"),
        Arguments.of(
            new SQLTransientConnectionException("pool - not available (total=2, active=2)"),
            "the pool gave no connection in time"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void cause_isInnermostMessage_inOneLine(Exception root, String expected) {
    SQLException driver = new SQLException("The attempt failed.", "08001", root);
    assertEquals(
        expected, Connector.cause(new SQLTransientConnectionException("pool - gave up", driver)));
  }
}
