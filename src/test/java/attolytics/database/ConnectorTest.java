package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class ConnectorTest {
  @Test
  void loginThatTakesTooLong_isToldWithItsLimit() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      DatabaseUrl url =
          DatabaseUrl.parse(
              "postgres://u@127.0.0.1:%d/d?socketTimeout=60".formatted(silent.getLocalPort()));
      StartException failure =
          assertThrows(
              StartException.class, () -> Connector.connect(url, Duration.ofSeconds(1)).close());
      String message = String.valueOf(failure.getMessage());
      assertTrue(
          message.contains(": no login within 1 s, the server or this machine may be overloaded; "),
          message);
      assertTrue(Connector.isTransient(assertInstanceOf(SQLException.class, failure.getCause())));
    }
  }

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
}
