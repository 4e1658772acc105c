package attolytics.flush;

import static attolytics.flush.Batches.U;
import static attolytics.flush.Batches.batch;
import static attolytics.flush.Batches.keyed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.LenientRequest;
import attolytics.buffer.Outcome;
import attolytics.encoding.CopyBuffer;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.PartitionInterval;
import attolytics.schema.Partitioning;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class RejectionTest {
  private static final Column ID = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);
  private static final Column TIME =
      new Column("time", ScalarType.TIMESTAMP, null, Index.NONE, true, 0);
  private static final Table T = new Table("t", 0, List.of(ID));
  private static final Table PARTITIONED =
      new Table("p", 2, List.of(TIME), new Partitioning(TIME, PartitionInterval.DAY, null), null);

  @RegisterExtension private final Logged logged = new Logged(Rejection.class);

  private final FakeClock clock = new FakeClock();
  private final Suspects suspects = new Suspects();
  private final Rejection rejection =
      new Rejection(
          new Settlement(
              new CommitRecovery(new FakeDatabase(clock)), Duration.ofSeconds(30), clock),
          suspects,
          clock);
  private final List<Outcome> outcomes = new ArrayList<>();
  private final List<String> quarantined = new ArrayList<>();
  private boolean hasRoom = true;
  private boolean hasMemory = true;

  private Batch waiting(Batch batch) {
    batch.accept(outcomes::add, 0);
    batch.setSource(7);
    return batch;
  }

  private Batch lenient() {
    Batch batch = waiting(batch(T));
    batch.handleLeniently(
        new LenientRequest() {
          @Override
          public boolean quarantine(int event, String code, String detail) {
            if (!hasMemory) {
              throw CopyBuffer.LimitExceededException.temporary();
            }
            quarantined.add(event + " " + code + ": " + detail);
            return hasRoom;
          }

          @Override
          public String answer(int duplicates) {
            return "";
          }
        },
        0);
    return batch;
  }

  private static FlushException failure(
      @Nullable Table table, int event, String sqlState, String fields) {
    SQLException sql =
        new PSQLException(
            new ServerErrorMessage("SERROR\0C" + sqlState + "\0Mof t\0" + fields + "\0"));
    return new FlushException(Stage.COPY, table, null, event, sql);
  }

  private Outcome reject(FlushException e) {
    assertFalse(rejection.reject(waiting(batch(T)), e));
    return outcomes.remove(0);
  }

  @ParameterizedTest
  @CsvSource({"23514, REFUSED", "23505, CONFLICT", "23P01, CONFLICT", "P0001, REFUSED"})
  void row_isRejected_withTheWordsOfTheDatabase(String sqlState, Outcome.Kind kind) {
    assertEquals(
        new Outcome(kind, "of t", refused(sqlState), 3), reject(failure(T, 3, sqlState, "")));
    assertEquals(List.of(), logged.messages());
  }

  private static String refused(String sqlState) {
    return "the database refused it: SQLSTATE " + sqlState + ", table \"t\"";
  }

  @ParameterizedTest
  @CsvSource({"42P01", "42501", "22P03"})
  void tableThatHasChanged_isTheServices(String sqlState) {
    Outcome outcome = reject(failure(T, 3, sqlState, ""));
    assertEquals(new Outcome(Outcome.Kind.TABLE_BROKEN, null, refused(sqlState), 3), outcome);
    String row = "Cannot write a row of table t: SQLSTATE ";
    assertEquals(List.of(row + sqlState + ", see the log of PostgreSQL"), logged.messages());
  }

  /** No client can give a value for a column that is not in the schema file. */
  @Test
  void nullInAColumnOfNoSchemaFile_isTheServices() {
    assertEquals(
        Outcome.Kind.TABLE_BROKEN, reject(failure(T, 0, "23502", "cadded later\0")).kind());
    assertEquals(Outcome.Kind.REFUSED, reject(failure(T, 0, "23502", "cid\0")).kind());
    assertEquals(Outcome.Kind.REFUSED, reject(failure(T, 0, "23502", "")).kind());
    assertEquals(Outcome.Kind.REFUSED, reject(failure(null, 0, "23502", "cid\0")).kind());
    assertEquals(Outcome.Kind.REFUSED, reject(failure(T, 0, "23514", "cadded later\0")).kind());
  }

  @Test
  void missingPartition_isTheServices_ifItMakesThem() {
    String missing = "RExecFindPartition\0";
    assertEquals(
        Outcome.Kind.TABLE_BROKEN, reject(failure(PARTITIONED, 0, "23514", missing)).kind());
    assertEquals(Outcome.Kind.REFUSED, reject(failure(T, 0, "23514", missing)).kind());
    assertEquals(Outcome.Kind.REFUSED, reject(failure(null, 0, "23514", missing)).kind());
    assertEquals(Outcome.Kind.REFUSED, reject(failure(PARTITIONED, 0, "23514", "")).kind());
  }

  @Test
  void connection_whoseRowWasRejected_isSuspect() {
    reject(failure(T, 0, "23514", ""));
    assertTrue(suspects.concern(waiting(batch(U))));
  }

  @Test
  void eventOfALenientRequest_isQuarantined_andTheOthersAreWrittenAgain() {
    assertTrue(rejection.reject(lenient(), failure(T, 3, "23505", "")));
    assertTrue(rejection.reject(lenient(), failure(T, 4, "23514", "")));
    assertEquals(List.of("3 conflict: of t", "4 refused_by_database: of t"), quarantined);
    assertEquals(List.of(), outcomes);
  }

  @Test
  void lenientRequest_isRejected_whereNothingTellsTheEvent() {
    assertFalse(rejection.reject(lenient(), failure(T, Outcome.NO_EVENT, "23514", "")));
    assertFalse(rejection.reject(lenient(), failure(T, 3, "42P01", "")));
    assertFalse(rejection.reject(lenient(), failure(Quarantine.TABLE, 3, "23514", "")));
    assertEquals(List.of(), quarantined);
    assertEquals(3, outcomes.size());
  }

  @Test
  void lenientRequest_whoseEventFailsAtTheConstraints_isQuarantined() {
    assertTrue(rejection.reject(lenient(), failure(null, 3, "23514", "")));
    assertEquals(1, quarantined.size());
  }

  @Test
  void lenientRequest_canBeSentAgain_ifThereIsNoMemoryForItsEvent() {
    hasMemory = false;
    assertFalse(rejection.reject(lenient(), failure(T, 3, "23514", "")));
    assertEquals(List.of(Outcome.unavailable("the buffer was full")), outcomes);
  }

  @Test
  void lenientRequest_isRejected_ifItsEventCannotBeQuarantined() {
    hasRoom = false;
    assertFalse(rejection.reject(lenient(), failure(T, 3, "23514", "")));
    assertEquals(Outcome.Kind.REFUSED, outcomes.get(0).kind());
  }

  @Test
  void rejectTable_rejectsThoseForIt_andReturnsTheOthers() {
    Batch other = waiting(batch(U));
    assertEquals(
        List.of(other),
        rejection.rejectTable(
            List.of(waiting(batch(T)), other, waiting(batch(U, T))),
            failure(T, Outcome.NO_EVENT, "42P01", "")));
    Outcome broken =
        new Outcome(Outcome.Kind.TABLE_BROKEN, "table t accepts no rows", Outcome.NO_EVENT);
    assertEquals(List.of(broken, broken), outcomes);
    assertTrue(suspects.concern(batch(T)));
  }

  @Test
  void rejectTable_ofTheKeys_rejectsThoseWithAKey() {
    Batch other = waiting(batch(U));
    assertEquals(
        List.of(other),
        rejection.rejectTable(
            List.of(other, waiting(keyed("k", T))), failure(null, Outcome.NO_EVENT, "42P01", "")));
    assertEquals("the table of Idempotency-Keys accepts no rows", outcomes.get(0).detail());
    assertNull(outcomes.get(0).reason());
    assertTrue(suspects.isEmpty());
  }
}
