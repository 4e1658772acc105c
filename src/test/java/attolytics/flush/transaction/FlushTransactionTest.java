package attolytics.flush.transaction;

import static attolytics.flush.Batches.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class FlushTransactionTest {
  private static final Table A = new Table("a", 1, List.of());
  private static final Table B = new Table("b", 0, List.of());
  private static final TimeLimits LIMITS = new TimeLimits(1, 2, 3);
  private static final TransactionId ID = new TransactionId("7", "00000001", 0);

  private final RecordingDatabase database = new RecordingDatabase();
  private final FlushTransaction transaction = new FlushTransaction(database);

  /** Writes down what it is asked to do, and fails at the commit if the test says so. */
  private static final class RecordingDatabase implements FlushDatabase, FlushDatabase.Transaction {
    private final List<String> calls = new ArrayList<>();
    private final Map<Batch, Outcome> known = new HashMap<>();
    private @Nullable FlushException failure;
    private Session session = Session.WRITABLE;

    @Override
    public FlushDatabase.Transaction begin(TimeLimits limits) {
      assertSame(LIMITS, limits);
      calls.add("begin");
      return this;
    }

    @Override
    public TransactionStatus status(TransactionId transaction, long nanos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void abortIfOverdue() {}

    @Override
    public void abort() {}

    @Override
    public TransactionId id() {
      return ID;
    }

    @Override
    public Map<Batch, Outcome> claimKeys(List<Batch> batches) {
      calls.add("keys of " + batches.size());
      return known;
    }

    @Override
    public LockedKeys findLockedKeys(List<Batch> keyed, long millis) {
      calls.add("find locked, " + millis + " ms");
      return new LockedKeys(keyed, List.of());
    }

    @Override
    public void copy(Table table, List<Batch> batches) {
      calls.add("copy " + table.name() + " of " + batches.size());
    }

    @Override
    public void insert(Table table, List<Batch> batches) {
      calls.add("insert " + table.name() + " of " + batches.size());
    }

    @Override
    public void commit() throws FlushException {
      calls.add("commit");
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    public Session sessionAfterFailure() {
      calls.add("session");
      return session;
    }

    @Override
    public void close() {
      calls.add("close");
    }
  }

  @Test
  void tables_areWrittenInTheOrderOfTheirNames_afterTheKeys() throws Exception {
    assertEquals(
        Map.of(), transaction.run(List.of(batch(B, A), batch(B), batch(A, B, A)), LIMITS, false));
    assertEquals(
        List.of("begin", "keys of 3", "copy a of 3", "copy b of 3", "commit", "close"),
        database.calls);
  }

  @Test
  void rows_areWrittenByInsert_whereAsked() throws Exception {
    transaction.run(List.of(batch(A)), LIMITS, true);
    assertEquals(List.of("begin", "keys of 1", "insert a of 1", "commit", "close"), database.calls);
  }

  @Test
  void requestWhoseKeyIsKnown_isNotWrittenAgain() throws Exception {
    Batch repeated = batch(B);
    database.known.put(repeated, Outcome.REPLAYED);
    assertEquals(
        Map.of(repeated, Outcome.REPLAYED),
        transaction.run(List.of(repeated, batch(A)), LIMITS, false));
    assertEquals(List.of("begin", "keys of 2", "copy a of 1", "commit", "close"), database.calls);
  }

  private FlushException failWith(Stage stage, SQLException sql, Session session) {
    database.failure = new FlushException(stage, sql);
    database.session = session;
    FlushException failure =
        assertThrows(FlushException.class, () -> transaction.run(List.of(batch(A)), LIMITS, false));
    assertEquals(
        List.of("begin", "keys of 1", "copy a of 1", "commit", "session", "close"), database.calls);
    assertSame(session, failure.session());
    database.calls.clear();
    return failure;
  }

  private static SQLException server(String sqlState, String fields) {
    return new PSQLException(
        new ServerErrorMessage("SERROR\0C" + sqlState + "\0Mm\0" + fields + "\0"));
  }

  @ParameterizedTest
  @EnumSource(names = {"CONSTRAINTS", "COMMIT"})
  void commit_whoseSessionIsLost_isUnconfirmed(Stage stage) {
    Batch known = batch(B);
    database.known.put(known, Outcome.REPLAYED);
    FlushException e = failWith(stage, server("57P01", "Rroutine\0"), Session.LOST);
    assertSame(ID, e.lostCommit());
    assertEquals(Map.of(known, Outcome.REPLAYED), e.known());
  }

  @ParameterizedTest
  @EnumSource(
      names = {"CONSTRAINTS", "COMMIT"},
      mode = EnumSource.Mode.EXCLUDE)
  void failureBeforeTheCommit_isNoDoubt(Stage stage) {
    assertNull(failWith(stage, new SQLException("m", "08006"), Session.LOST).lostCommit());
  }

  /** A proxy that has lost the server and goes on with another session knows no more. */
  @ParameterizedTest
  @CsvSource({
    "08006, '', true",
    "40001, '', true",
    "40001, Rroutine, false",
    "40001, 'WPL/pgSQL function f()', false",
    "57P01, Rroutine, true",
    "57P01, 'WPL/pgSQL function f()', false",
    "23505, '', false",
    "42P01, '', false"
  })
  void commit_onALivingSession_isUnconfirmed_unlessTheServerRefusedIt(
      String sqlState, String fields, boolean isUnconfirmed) {
    String more = fields.isEmpty() ? "" : fields + "\0";
    FlushException e = failWith(Stage.COMMIT, server(sqlState, more), Session.WRITABLE);
    assertEquals(isUnconfirmed, e.lostCommit() != null);
  }

  @Test
  void findLockedKeys_commitsNothing() throws Exception {
    List<Batch> keyed = List.of(batch(A));
    assertSame(keyed, transaction.findLockedKeys(keyed, LIMITS, 250).locked());
    assertEquals(List.of("begin", "find locked, 250 ms", "close"), database.calls);
  }
}
