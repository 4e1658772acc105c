package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class FailureTest {
  @ParameterizedTest
  @CsvSource({
    "08006, DATABASE",
    "53300, DATABASE",
    "57014, BUSY",
    "53100, BUSY",
    "55P03, BUSY",
    "XX000, BUSY",
    "22P03, TABLE",
    "57P01, DATABASE",
    "40P01, DATABASE",
    "25006, DATABASE",
    "22001, ROW",
    "23505, ROW",
    "23514, ROW",
    "54000, ROW",
    "P0001, ROW",
    "ZZ123, ROW",
    "42P01, TABLE",
    "42501, TABLE",
    "3F000, TABLE"
  })
  void of_goesByTheSqlState(String state, Failure expected) {
    assertEquals(expected, Failure.of(new SQLException("told", state)));
  }

  /** What PostgreSQL says of four bytes for an INT8; a proxy uses the same SQLSTATE. */
  @Test
  void of_tellsARowThatIsTooShortFromABrokenProtocol() {
    String message = "SERROR\0C08P01\0Minsufficient data left in message\0";
    String context = "WCOPY t, line 1, column n\0";

    assertEquals(Failure.DATABASE, Failure.of(new SQLException("told", "08P01")));
    assertEquals(Failure.DATABASE, Failure.of(new PSQLException(new ServerErrorMessage(message))));
    assertEquals(
        Failure.TABLE, Failure.of(new PSQLException(new ServerErrorMessage(message + context))));
  }

  /** A cluster's coordinator that does not get through to a worker in the middle of a COPY. */
  @Test
  void of_tellsAnotherMachineThatIsAwayFromTheServer() {
    String message = "SERROR\0C08006\0Mconnection to the remote node failed\0";
    String context = "WCOPY t, line 1\0";

    assertEquals(Failure.DATABASE, Failure.of(new PSQLException(new ServerErrorMessage(message))));
    assertEquals(
        Failure.BUSY, Failure.of(new PSQLException(new ServerErrorMessage(message + context))));
  }

  @Test
  void of_takesWhatHasNoSqlStateForTheDatabase() {
    assertEquals(Failure.DATABASE, Failure.of(new SQLException("told")));
  }
}
