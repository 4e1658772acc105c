package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
}
