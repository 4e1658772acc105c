package attolytics.flush;

import static attolytics.flush.FailurePolicy.Verdict.ASK_FOR_STATUS;
import static attolytics.flush.FailurePolicy.Verdict.DEFER;
import static attolytics.flush.FailurePolicy.Verdict.DEFER_AND_SUSPECT_TABLE;
import static attolytics.flush.FailurePolicy.Verdict.FIND_LOCKED_KEYS;
import static attolytics.flush.FailurePolicy.Verdict.HOLD;
import static attolytics.flush.FailurePolicy.Verdict.REJECT;
import static attolytics.flush.FailurePolicy.Verdict.REJECT_TABLE;
import static attolytics.flush.FailurePolicy.Verdict.RETRY_ALL;
import static attolytics.flush.FailurePolicy.Verdict.RETRY_BY_INSERT;
import static attolytics.flush.FailurePolicy.Verdict.SPLIT;
import static attolytics.flush.FailurePolicy.Verdict.SUSPECT_TABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.flush.FailurePolicy.Failed;
import attolytics.flush.FailurePolicy.Verdict;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class FailurePolicyTest {
  private static final Set<Stage> OF_ROWS =
      EnumSet.of(Stage.COPY, Stage.INSERT, Stage.CONSTRAINTS, Stage.COMMIT);

  /** All classes of PostgreSQL's appendix, and the states that differ from theirs. */
  @ParameterizedTest
  @CsvSource({
    "03000, ROW",
    "08000, TRANSIENT",
    "08P01, TRANSIENT",
    "09000, ROW",
    "0A000, TABLE",
    "0B000, ROW",
    "0F000, ROW",
    "0L000, ROW",
    "0P000, ROW",
    "0Z000, ROW",
    "10608, ROW",
    "20000, ROW",
    "21000, ROW",
    "22001, ROW",
    "22P03, TABLE",
    "22P04, TABLE",
    "2200H, TABLE",
    "23505, ROW",
    "24000, ROW",
    "25006, TRANSIENT",
    "26000, TRANSIENT",
    "27000, ROW",
    "28000, TRANSIENT",
    "2B000, ROW",
    "2D000, ROW",
    "2F000, ROW",
    "34000, ROW",
    "38000, ROW",
    "39000, ROW",
    "3B000, ROW",
    "3D000, TRANSIENT",
    "3F000, TABLE",
    "40001, TRANSIENT",
    "42P01, TABLE",
    "44000, ROW",
    "53100, TRANSIENT",
    "54000, ROW",
    "55P03, TRANSIENT",
    "57014, TRANSIENT",
    "57P01, TRANSIENT",
    "58030, TRANSIENT",
    "72000, ROW",
    "F0000, TRANSIENT",
    "HV000, ROW",
    "HV00N, TRANSIENT",
    "P0001, ROW",
    "XX000, TRANSIENT",
    "ZZ123, ROW",
    ", TRANSIENT"
  })
  void kind_isThatOfTheSqlState(String sqlState, Kind expected) {
    assertEquals(expected, Kind.of(sqlState, false));
  }

  /** What PostgreSQL says of four bytes for an INT8; a proxy uses the same SQLSTATE. */
  @Test
  void kind_tellsARowThatIsTooShortFromABrokenProtocol() {
    assertEquals(Kind.TABLE, Kind.of("08P01", true));
  }

  /** Ten requests, a lone one, and the third lone one of a table, in a session that lived on. */
  @ParameterizedTest
  @CsvSource({
    // stage, kind, several, lone, 3rd of the table
    "BEGIN, TRANSIENT, RETRY_ALL, RETRY_ALL, RETRY_ALL",
    "BEGIN, TABLE, RETRY_ALL, RETRY_ALL, RETRY_ALL",
    "BEGIN, ROW, RETRY_ALL, RETRY_ALL, RETRY_ALL",
    "KEYS, TRANSIENT, HOLD, HOLD, HOLD",
    "KEYS, TABLE, REJECT_TABLE, REJECT_TABLE, REJECT_TABLE",
    "KEYS, ROW, SPLIT, REJECT, REJECT",
    "COPY_START, TRANSIENT, HOLD, HOLD, HOLD",
    "COPY_START, TABLE, REJECT_TABLE, REJECT_TABLE, REJECT_TABLE",
    "COPY_START, ROW, REJECT_TABLE, REJECT_TABLE, REJECT_TABLE",
    "COPY, TRANSIENT, SPLIT, DEFER, DEFER_AND_SUSPECT_TABLE",
    "COPY, TABLE, SPLIT, REJECT, REJECT",
    "COPY, ROW, SPLIT, REJECT, REJECT",
    "INSERT, TRANSIENT, SPLIT, DEFER, DEFER_AND_SUSPECT_TABLE",
    "INSERT, TABLE, SPLIT, REJECT, REJECT",
    "INSERT, ROW, SPLIT, REJECT, REJECT",
    "CONSTRAINTS, TRANSIENT, SPLIT, DEFER, DEFER_AND_SUSPECT_TABLE",
    "CONSTRAINTS, TABLE, SPLIT, REJECT, REJECT",
    "CONSTRAINTS, ROW, SPLIT, REJECT, REJECT",
    "COMMIT, TRANSIENT, SPLIT, DEFER, DEFER_AND_SUSPECT_TABLE",
    "COMMIT, TABLE, SPLIT, REJECT, REJECT",
    "COMMIT, ROW, SPLIT, REJECT, REJECT"
  })
  void decide_whereTheSessionLives(
      Stage stage, Kind kind, Verdict several, Verdict lone, Verdict thirdOfTheTable) {
    Failure failure = new Failure(stage, kind);
    assertEquals(several, failure.decide());
    failure.isLone = true;
    failure.tableFailedAlone = 1;
    assertEquals(lone, failure.decide());
    failure.tableFailedAlone = 3;
    assertEquals(thirdOfTheTable, failure.decide());
  }

  /** Whatever the SQLSTATE is: that may be a row's, and then it is the second time, too. */
  @ParameterizedTest
  @EnumSource
  void decide_whereTheSessionIsLost(Kind kind) {
    for (Stage stage : Stage.values()) {
      Failure failure = new Failure(stage, kind);
      failure.session = Session.LOST;
      failure.lost = 1;
      assertEquals(RETRY_ALL, failure.decide(), stage.name());
      failure.lost = 2;
      assertEquals(
          OF_ROWS.contains(stage) || stage == Stage.COPY_START ? SPLIT : RETRY_ALL,
          failure.decide(),
          stage.name());
      failure.isLone = true;
      assertEquals(
          OF_ROWS.contains(stage) || stage == Stage.COPY_START ? DEFER : RETRY_ALL,
          failure.decide(),
          stage.name());
    }
  }

  @ParameterizedTest
  @EnumSource
  void decide_onAServerThatTakesNoWrites_isToRetryAll(Kind kind) {
    for (Stage stage : Stage.values()) {
      Failure failure = new Failure(stage, kind);
      failure.session = Session.READ_ONLY;
      assertEquals(RETRY_ALL, failure.decide(), stage.name());
    }
  }

  @Test
  void decide_ofATimeoutOfKeys_isToFindOutWhich() {
    Failure failure = new Failure(Stage.KEYS, Kind.TRANSIENT);
    failure.isTimeout = true;
    assertEquals(FIND_LOCKED_KEYS, failure.decide());
    failure.isLone = true;
    assertEquals(HOLD, failure.decide());
  }

  /** Two slow transactions are all that the others of a flush wait for. */
  @Test
  void decide_ofTheSecondSlowFailureOfAFlush_isToSuspectTheTable() {
    Failure failure = new Failure(Stage.COPY, Kind.TRANSIENT);
    failure.isSlow = true;
    failure.slow = 1;
    assertEquals(SPLIT, failure.decide());
    failure.slow = 2;
    assertEquals(SUSPECT_TABLE, failure.decide());
    assertEquals(DEFER, failure.lone().decide());
  }

  /** The second may be the only reason; a third is no coincidence. */
  @Test
  void decide_ofTheThirdTimeoutOfAFlush_isToSuspectTheTableOfALoneRequest() {
    Failure failure = new Failure(Stage.COPY, Kind.TRANSIENT).lone();
    failure.isSlow = true;
    failure.isTimeout = true;
    failure.slow = 2;
    assertEquals(DEFER, failure.decide());
    failure.slow = 3;
    assertEquals(DEFER_AND_SUSPECT_TABLE, failure.decide());
    failure.isTimeout = false;
    assertEquals(DEFER, failure.decide());
  }

  @ParameterizedTest
  @EnumSource
  void decide_ofACommitThatWasNotConfirmed_isToAskForTheStatus(Session session) {
    Failure failure = new Failure(Stage.COMMIT, Kind.TRANSIENT);
    failure.session = session;
    failure.isUnconfirmed = true;
    assertEquals(ASK_FOR_STATUS, failure.decide());
    assertEquals(ASK_FOR_STATUS, failure.lone().decide());
  }

  @Test
  void decide_whereTheCauseIsHidden_isToTryByInsert() {
    Failure failure = new Failure(Stage.COPY, Kind.TRANSIENT);
    failure.hidesItsCause = true;
    assertEquals(SPLIT, failure.decide());
    failure.isLone = true;
    assertEquals(RETRY_BY_INSERT, failure.decide());
    assertEquals(REJECT, new Failure(Stage.COPY, Kind.ROW).lone().decide());
    assertEquals(REJECT_TABLE, new Failure(Stage.COPY_START, Kind.TABLE).lone().decide());
  }

  /** The server's own words are told, those of a trigger are not. */
  @ParameterizedTest
  @CsvSource({
    "BEGIN, 57P03, , true",
    "KEYS, 53100, , true",
    "COPY_START, 42P01, , true",
    "COPY, 53100, 'COPY t, line 3', true",
    "COPY, 08001, , true",
    "COPY, 53100, 'PL/pgSQL function f() line 3 at RAISE|COPY t, line 3', false",
    "COPY, P0001, , false",
    "INSERT, 40001, 'PL/pgSQL function f() line 3 at RAISE', false",
    "CONSTRAINTS, XX000, 'PL/pgSQL function f() line 3 at RAISE', false",
    "COMMIT, 53100, , true"
  })
  void log_tellsNoWordsOfARow(Stage stage, String state, String context, boolean told) {
    String where = context == null ? "" : "W" + context.replace('|', '\n') + "\0";
    SQLException e =
        new PSQLException(
            new ServerErrorMessage("SERROR\0C" + state + "\0Mabout secret\0" + where));
    String expected = (told ? "about secret (SQLSTATE %s)" : "SQLSTATE %s").formatted(state);
    assertEquals(expected, CopyError.forTheLog(new FlushException(stage, e)));
  }

  /** A failure of ten requests, if nothing else is said. */
  private static final class Failure {
    private final Stage stage;
    private final Kind kind;
    private boolean isTimeout;
    private boolean isSlow;
    private Session session = Session.WRITABLE;
    private boolean isLone;
    private boolean hidesItsCause;
    private int lost;
    private int tableFailedAlone;
    private boolean isUnconfirmed;
    private int slow;

    private Failure(Stage stage, Kind kind) {
      this.stage = stage;
      this.kind = kind;
    }

    private Failure lone() {
      isLone = true;
      return this;
    }

    private Verdict decide() {
      return FailurePolicy.decide(
          new Failed(
              stage,
              kind,
              isUnconfirmed,
              isTimeout,
              isSlow,
              session,
              isLone,
              hidesItsCause,
              lost,
              tableFailedAlone,
              slow));
    }
  }
}
