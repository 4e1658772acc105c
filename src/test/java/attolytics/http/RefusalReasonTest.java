package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Batch;
import attolytics.decode.Decoder;
import attolytics.decode.EventError;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusalReasonTest {
  private static String of(String pointer, String code) {
    EventError error = new EventError(3, pointer, code, "score must be an integer, not \"42\"");
    return RefusalReason.of(new Refusal(Problem.INVALID_EVENTS, null, List.of(error), 4), "/");
  }

  @Test
  void firstError_isReportedByPointerAndCode() {
    assertEquals(": type_mismatch at /events/3/score", of("/events/3/score", "type_mismatch"));
  }

  /** The answer has no list of errors then. */
  @Test
  void unknownTable_isReportedWithItsPlace() {
    EventError error = new EventError(2, "/events/2/_t", "unknown_table", "there is no table x");
    assertEquals(
        ": unknown_table at /events/2/_t",
        RefusalReason.of(Refusal.unknownTable(error, "", 3), "/"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "t; {\"_t\":\"t\",\"alice@example.com\":1}; unknown_field at /events/0",
        "r; {\"_t\":\"r\",\"alice@example.com\":\"\\u0000\"}; invalid_string at /events/0",
        "r; {\"_t\":\"r\",\"alice\\ud800\":1}; invalid_string at /events/0",
        "r; {\"_t\":\"r\",\"alice@example.com\":1e999999}; out_of_range at /events/0",
        "r; {\"_t\":\"r\",\"alice\":1,\"alice\":2}; duplicate_field at /events/0",
        "r; {\"_t\":\"r\",\"n\":\"alice\"}; type_mismatch at /events/0/n",
        "r; {\"_t\":\"r\",\"n\":1,\"n\":2}; duplicate_field at /events/0/n",
        "r; {\"_t\":\"r\",\"_t\":2}; duplicate_field at /events/0/_t"
      })
  void errors_haveNamesOfColumnsOnly(String tableName, String event, String reason) {
    Column n = new Column("n", ScalarType.I32, null, Index.NONE, false, 0);
    Column rest =
        new Column("rest", ScalarType.JSON, "", null, null, null, true, Index.NONE, false, 1);
    List<Column> columns = tableName.equals("r") ? List.of(n, rest) : List.of(n);
    Table table = new Table(tableName, 0, columns);
    App app = new App("a", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, List.of(table));
    byte[] body = ("{\"events\":[" + event + "]}").getBytes(StandardCharsets.UTF_8);
    List<EventError> errors =
        new Decoder().decode(app, body, body.length, name -> null, new Batch(1 << 16)).errors();
    Refusal refusal = new Refusal(Problem.INVALID_EVENTS, null, errors, 1);
    assertEquals(": " + reason, RefusalReason.of(refusal, "/"));
  }

  @Test
  void unknownApp_isReportedEscapedAndTruncated() {
    Refusal unknown = Refusal.of(Problem.UNKNOWN_APP, null);
    assertEquals(": \"a b\"", RefusalReason.of(unknown, "/apps/a%20b/events"));
    assertEquals(": \"\\u000a\\\"x\"", RefusalReason.of(unknown, "/apps/%0A%22x/events"));
    String cut = RefusalReason.of(unknown, "/apps/" + "x".repeat(1000) + "/events");
    assertEquals(": \"" + "x".repeat(63) + "…\"", cut);
  }

  @Test
  void refusalOfTheDatabase_isReportedWithoutItsWords() {
    String reason = "the database refused it: SQLSTATE 23514, table \"t\", constraint \"c\"";
    EventError error =
        new EventError(1, "/events/1", "refused_by_database", "no alice", reason, null);
    Refusal located = new Refusal(Problem.REFUSED_BY_DATABASE, "no alice", List.of(error), 2);
    assertEquals(": " + reason, RefusalReason.ofDatabase(located));
    assertEquals(" at /events/1", RefusalReason.of(located, "/"));
    Refusal unlocated = Refusal.of(Problem.CONFLICT, "no alice").because(reason);
    assertEquals(": " + reason, RefusalReason.ofDatabase(unlocated));
    assertEquals("", RefusalReason.of(unlocated, "/"));
    assertEquals("", RefusalReason.ofDatabase(Refusal.of(Problem.UNKNOWN_APP, null)));
  }

  private static EventError at(String pointer, String code, String table) {
    return new EventError(0, pointer, code, "not \"secret\"", "must not", table);
  }

  private static List<String> recorded(Refusal refusal) {
    return RefusalReason.recorded(refusal, null, "/apps/a/events", "client").stream()
        .map(r -> r.code() + " " + r.pointer() + " " + r.table() + " " + r.detail())
        .toList();
  }

  @Test
  void errorsOfDifferentKinds_areRecorded_withoutValues() {
    List<EventError> errors =
        List.of(
            at("/events/0/n", "type_mismatch", "t"),
            at("/events/1/n", "type_mismatch", "t"),
            at("/events/1/n", "out_of_range", "t"),
            at("/events/2/n", "type_mismatch", "u"),
            at("/events/3/tags/1", "type_mismatch", "t"),
            at("/events/4/tags/2", "type_mismatch", "t"));
    assertEquals(
        List.of(
            "type_mismatch /events/0/n t must not",
            "out_of_range /events/1/n t must not",
            "type_mismatch /events/2/n u must not",
            "type_mismatch /events/3/tags/1 t must not"),
        recorded(new Refusal(Problem.INVALID_EVENTS, null, errors, 5)));
  }

  @Test
  void errorsOfOneRequest_areRecordedUpToABound() {
    List<EventError> errors =
        IntStream.range(0, 100).mapToObj(i -> at("/events/0/f" + i, "unknown_field", "t")).toList();
    List<String> recorded = recorded(new Refusal(Problem.INVALID_EVENTS, null, errors, 1));
    assertEquals(5, recorded.size());
    assertEquals("unknown_field /events/0/f4 t must not", recorded.get(4));
  }

  @Test
  void refusalForWantOfADatabase_isRecordedWithItsCause() {
    Refusal refusal = Refusal.of(Problem.DATABASE_UNAVAILABLE, null).because("no connection");
    assertEquals(List.of("null null null no connection"), recorded(refusal));
    assertEquals(
        List.of("null null null The service is stopping"),
        recorded(Refusal.of(Problem.DRAINING, null)));
  }

  @Test
  void otherProblems_areReportedByTheirReasonOnly() {
    assertEquals("", RefusalReason.of(Refusal.of(Problem.METHOD_NOT_ALLOWED, null), "/"));
  }
}
