package attolytics.flush.transaction;

import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class FlushExceptionTest {
  private static final Table T = new Table("t", 0, List.of());
  private static final Table A = new Table("a", 1, List.of());
  private static final Column ID = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);
  private static final Table DISTRIBUTED = new Table("d", 2, List.of(ID), null, ID);

  private static FlushException failure(
      Stage stage, @Nullable Table table, @Nullable String sqlState) {
    return new FlushException(
        stage, table, null, Outcome.NO_EVENT, new SQLException("m", sqlState));
  }

  @Test
  void parts_areThoseGiven() {
    Batch batch = batch(T);
    SQLException sql = new SQLException("m", "23505");
    FlushException e = new FlushException(Stage.COPY, T, batch, 3, sql);
    assertSame(Stage.COPY, e.stage());
    assertSame(T, e.table());
    assertSame(batch, e.failedBatch());
    assertEquals(3, e.event());
    assertSame(sql, e.sql());
    assertSame(Session.LOST, e.session(), "until it is known");
    assertNull(e.lostCommit());
  }

  @Test
  void copies_keepAllElse() {
    Batch batch = batch(T);
    TransactionId lost = new TransactionId("7", "1", 0);
    Map<Batch, Outcome> known = Map.of(batch, Outcome.REPLAYED);
    FlushException e =
        new FlushException(Stage.COMMIT, T, batch, 3, new SQLException("m"))
            .after(Session.WRITABLE, known)
            .withLostCommit(lost);
    assertSame(Session.WRITABLE, e.session());
    assertSame(lost, e.lostCommit());
    assertSame(lost, e.after(Session.READ_ONLY, known).lostCommit());
    FlushException without = e.withoutLostCommit();
    assertNull(without.lostCommit());
    assertSame(Session.WRITABLE, without.session());
    assertSame(known, without.known());
    assertSame(batch, without.failedBatch());
    assertSame(T, without.table());
    assertEquals(3, without.event());
  }

  /** A proxy says 08P01, too, but of no row. */
  @ParameterizedTest
  @CsvSource({"'', TRANSIENT", "'WCOPY t, line 1\0', TABLE"})
  void kind_dependsOnTheContext(String where, Kind kind) {
    SQLException sql =
        new PSQLException(new ServerErrorMessage("SERROR\0C08P01\0Mm\0" + where + "\0"));
    assertEquals(kind, new FlushException(Stage.COPY, sql).kind());
  }

  /** The server accepts no writes until a VACUUM has freed some. */
  @ParameterizedTest
  @CsvSource({
    "GetNewTransactionId, TRANSIENT",
    "GetNewMultiXactId, TRANSIENT",
    "RelationGetBufferForTuple, ROW"
  })
  void kind_ofALimit_dependsOnWhose(String routine, Kind kind) {
    SQLException sql =
        new PSQLException(new ServerErrorMessage("SERROR\0C54000\0Mm\0R" + routine + "\0\0"));
    assertEquals(kind, new FlushException(Stage.COPY, sql).kind());
  }

  @ParameterizedTest
  @CsvSource({"2, TRANSIENT", "23, ROW", "42, TABLE"})
  void kind_ofAShortSqlState_isThatOfItsClass(String sqlState, Kind kind) {
    assertEquals(kind, Kind.of(sqlState, false));
  }

  @ParameterizedTest
  @CsvSource({"55P03, true", "57014, true", "57P01, false", ", false"})
  void isTimeout_forLocksAndStatements(String sqlState, boolean expected) {
    assertEquals(expected, failure(Stage.COPY, T, sqlState).isTimeout());
  }

  @ParameterizedTest
  @CsvSource({"55P03, false", "57014, true", "57P01, false", ", false"})
  void isStatementTimeout_notForLocks(String sqlState, boolean expected) {
    assertEquals(expected, failure(Stage.COPY, T, sqlState).isStatementTimeout());
  }

  @ParameterizedTest
  @CsvSource({"23505, true", "23P01, true", "23514, false", ", false"})
  void isConflict_forUniqueAndExclusionConstraints(String sqlState, boolean expected) {
    assertEquals(expected, failure(Stage.COPY, T, sqlState).isConflict());
  }

  @Test
  void hidesItsCause_onlyACopyOfADistributedTable() {
    assertTrue(failure(Stage.COPY, DISTRIBUTED, "XX000").hidesItsCause());
    assertFalse(failure(Stage.INSERT, DISTRIBUTED, "XX000").hidesItsCause());
    assertFalse(failure(Stage.COPY, DISTRIBUTED, "23505").hidesItsCause());
    assertFalse(failure(Stage.COPY, T, "XX000").hidesItsCause());
    assertFalse(failure(Stage.COPY, null, "XX000").hidesItsCause());
  }

  @Test
  void failureOfATable_concernsThoseWithRowsForIt() {
    FlushException e = failure(Stage.COPY_START, T, "42P01");
    assertTrue(e.concerns(batch(A, T)));
    assertFalse(e.concerns(batch(A)));
    assertEquals("table t", e.tableName());
  }

  @Test
  void failureOfTheKeys_concernsThoseWithAKey() {
    FlushException e = failure(Stage.KEYS, null, "55P03");
    Batch keyed = batch(T);
    keyed.identify(new IdempotencyKey("a", "k", new byte[0]));
    assertTrue(e.concerns(keyed));
    assertFalse(e.concerns(batch(T)));
    assertEquals("the table of Idempotency-Keys", e.tableName());
  }

  @Test
  void failedTables_areThoseWhoseRowsTheServerHasSeen() {
    List<Batch> part = List.of(batch(T, A), batch(T));
    assertEquals(Set.of(), failure(Stage.COPY_START, T, "42P01").failedTables(part));
    assertEquals(Set.of(T), failure(Stage.COPY, T, "40001").failedTables(part));
    assertEquals(
        List.of(A, T),
        List.copyOf(failure(Stage.CONSTRAINTS, null, "40001").failedTables(part)),
        "in the order of their names");
  }

  @Test
  void place_isTheTable_orTheConstraints() {
    assertEquals("table t", failure(Stage.INSERT, T, "23505").place());
    assertEquals(
        "a table with deferred constraints", failure(Stage.CONSTRAINTS, null, "23505").place());
    assertEquals("a table with deferred constraints", failure(Stage.COMMIT, null, null).place());
  }
}
