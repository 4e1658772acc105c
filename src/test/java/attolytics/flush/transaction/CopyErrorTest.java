package attolytics.flush.transaction;

import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class CopyErrorTest {
  /** A trigger that fires after the statement has no row: only its own lines are numbered. */
  @ParameterizedTest
  @CsvSource({
    "'COPY t, line 12', 12",
    "'COPY t, line 12, column s: \"1\"', 12",
    "'COPY t, Zeile 12', 12",
    "'tのCOPY、行 12', 12",
    "'t 복사, 12번째 줄', 12",
    "'PL/pgSQL function check_t() line 3 at RAISE|COPY t, line 12', 12",
    "'PL/pgSQL function check_t() line 3 at RAISE', 0",
    "'COPY zoo, line 12', 0",
    "'COPY t, line 109', 109",
    "'COPY t, line 99999999999999999999', 2147483647",
    "'COPY t, line 12:30', 12",
    "'COPY attolytics_rows_3, line 12', 12",
    "'SQL statement on t, line 12', 0",
    ", 0"
  })
  void line_isThatOfTheCopy(String context, long line) {
    String where = context == null ? "" : "W" + context.replace('|', '\n') + "\0";
    SQLException e = new PSQLException(new ServerErrorMessage("SERROR\0C23505\0Mm\0" + where));
    assertEquals(line, CopyError.line(e, new Table("t", 3, List.of())));
  }

  @Test
  void line_ofARowThatDoesNotFitAPage_isNotKnown() {
    SQLException e = server("C54000\0Mm\0WCOPY t, line 1000\0RRelationGetBufferForTuple\0\0");
    assertEquals(0, CopyError.line(e, new Table("t", 3, List.of())));
  }

  @ParameterizedTest
  @CsvSource({
    "'COPY t, line 12, column name', 'm, in column \"name\"'",
    "'COPY t, Zeile 12, Spalte name', 'm, in column \"name\"'",
    "'COPY t, line 12, column first name', 'm, in column \"first name\"'",
    "'COPY t, line 12, column other', m",
    "'COPY t, line 12', m",
    "'PL/pgSQL function check_t() line 3 at name', m",
    ", m"
  })
  void forTheClient_namesTheColumnOfTheContext(String context, String expected) {
    String where = context == null ? "" : "W" + context + "\0";
    SQLException e = new PSQLException(new ServerErrorMessage("SERROR\0C22001\0Mm\0" + where));
    assertEquals(expected, CopyError.forTheClient(e, new Table("t", 0, columns())));
  }

  /** The server quotes a value of whatever length; the column behind it is still named. */
  @Test
  void forTheClient_isCut_betweenCharacters() {
    String message = "m".repeat(298);
    String where = "\0WCOPY t, line 12, column name\0";
    SQLException e = server("C22P02\0M" + message + "\uD83D\uDE00 and more" + where);
    assertEquals(
        message + "…, in column \"name\"", CopyError.forTheClient(e, new Table("t", 0, columns())));
    SQLException fits = server("C22P02\0M" + message + "\uD83D\uDE00\0");
    assertEquals(message + "\uD83D\uDE00", CopyError.forTheClient(fits, null));
  }

  @ParameterizedTest
  @CsvSource({
    "'COPY t, line 12', 'SQLSTATE 23514, table \"t\", constraint \"positive\"'",
    "'COPY t, line 12, column name', 'SQLSTATE 23514, table \"t\", constraint \"positive\", column"
        + " \"name\"'",
    "'PL/pgSQL function check_t() line 3 at RAISE|COPY t, line 12', 'SQLSTATE 23514, table \"t\"'",
  })
  void withoutWords_namesConstraintAndColumn_butNothingOfAFunction(
      String context, String expected) {
    String fields = "Mhunter2\0npositive\0W" + context.replace('|', '\n') + "\0";
    SQLException e = new PSQLException(new ServerErrorMessage("SERROR\0C23514\0" + fields));
    assertEquals(
        "the database refused it: " + expected,
        CopyError.withoutWords(e, new Table("t", 0, columns())));
  }

  private static SQLException server(String fields) {
    return new PSQLException(new ServerErrorMessage("SERROR\0" + fields));
  }

  /** Two rows of t in the first batch, none in the second, one in the third. */
  @ParameterizedTest
  @CsvSource({"0, -1, -1", "1, 0, 0", "2, 0, 2", "3, 2, 1", "4, -1, -1"})
  void locate_findsTheBatchAndTheEventOfALine(int line, int batch, int event) {
    Table t = new Table("t", 0, List.of());
    Table u = new Table("u", 1, List.of());
    List<Batch> batches = List.of(batch(t, u, t), batch(u), batch(u, t));
    SQLException sql = server("C22001\0Mm\0WCOPY t, line " + line + "\0\0");
    FlushException e = CopyError.locate(sql, t, batches);
    assertSame(Stage.COPY, e.stage());
    assertSame(t, e.table());
    assertSame(sql, e.sql());
    assertSame(batch < 0 ? null : batches.get(batch), e.failedBatch());
    assertEquals(event, e.event());
  }

  @Test
  void forTheLog_isTheMessage_whereTheServerHasNoPartInIt() {
    SQLException pools = new SQLException("the pool gave no connection in time");
    for (Stage stage : Stage.values()) {
      assertEquals(
          "the pool gave no connection in time",
          CopyError.forTheLog(new FlushException(stage, null, null, Outcome.NO_EVENT, pools)));
    }
  }

  @Test
  void isRefusal_whereTheServerNamesThePlaceInItsSource() {
    assertTrue(CopyError.isRefusal(server("C40001\0Mm\0RProcSleep\0\0")));
    assertFalse(CopyError.isRefusal(server("C40001\0Mm\0\0")), "a proxy's");
    assertFalse(CopyError.isRefusal(server("C57P01\0Mm\0RProcessInterrupts\0\0")));
    assertFalse(CopyError.isRefusal(new SQLException("m", "40001")));
  }

  @Test
  void hasContext_whereTheServerGivesOne() {
    assertTrue(CopyError.hasContext(server("C40001\0Mm\0WCOPY t, line 1\0\0")));
    assertFalse(CopyError.hasContext(server("C40001\0Mm\0\0")));
    assertFalse(CopyError.hasContext(new SQLException("m", "40001")));
  }

  @Test
  void primaryMessage_isTheServers_orTheDrivers() {
    assertEquals("m", CopyError.primaryMessage(server("C40001\0Mm\0Dwith a row\0\0")));
    assertEquals("SQLSTATE 40001", CopyError.primaryMessage(server("C40001\0\0")));
    SQLException drivers = new SQLException("refused", "08001");
    assertEquals("refused", CopyError.primaryMessage(drivers));
    SQLException pools = new SQLException("timed out", "08003", drivers);
    assertEquals("refused", CopyError.primaryMessage(pools));
  }

  @ParameterizedTest
  @CsvSource({"23505, 23", "2, none", ", none", "42, 42"})
  void sqlStateClass_isItsFirstTwoCharacters(String state, String expected) {
    assertEquals(expected, CopyError.sqlStateClass(new SQLException("m", state)));
  }

  @Test
  void column_isTheOneThatTheServerNames() {
    assertEquals("c", CopyError.column(server("C23502\0Mm\0cc\0\0")));
    assertNull(CopyError.column(server("C23502\0Mm\0\0")));
    assertNull(CopyError.column(new SQLException("m", "23502")));
  }

  @Test
  void hasNoPartition_byTheRoutine() {
    assertTrue(CopyError.hasNoPartition(server("C23514\0Mm\0RExecFindPartition\0\0")));
    assertFalse(CopyError.hasNoPartition(server("C23514\0Mm\0RExecConstraints\0\0")));
    assertFalse(CopyError.hasNoPartition(new SQLException("m", "23514")));
  }

  @Test
  void withoutWords_ofTheDriver_isTheSqlState() {
    assertEquals(
        "the database refused it: SQLSTATE 08006",
        CopyError.withoutWords(new SQLException("m", "08006"), null));
    assertEquals(
        "the database refused it: SQLSTATE 23502, column \"x\"",
        CopyError.withoutWords(server("C23502\0Mm\0cx\0\0"), null));
  }

  private static List<Column> columns() {
    return Stream.of("name", "first name")
        .map(name -> new Column(name, ScalarType.STRING, null, Index.NONE, false, 0))
        .toList();
  }
}
