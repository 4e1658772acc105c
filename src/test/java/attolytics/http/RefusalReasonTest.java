package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.decode.EventError;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import java.util.List;
import org.junit.jupiter.api.Test;

class RefusalReasonTest {
  private static String of(String pointer, String code) {
    EventError error = new EventError(3, pointer, code, "score must be an integer, not \"42\"");
    return RefusalReason.of(new Refusal(Problem.INVALID_EVENTS, null, List.of(error), 4), "/");
  }

  @Test
  void firstError_isReportedByPointerAndCode() {
    assertEquals(": type_mismatch at /events/3/score", of("/events/3/score", "type_mismatch"));
  }

  @Test
  void unknownField_isNotReportedByName() {
    assertEquals(": unknown_field at /events/3", of("/events/3/my secret", "unknown_field"));
  }

  @Test
  void unknownApp_isReportedEscapedAndTruncated() {
    Refusal unknown = Refusal.of(Problem.UNKNOWN_APP, null);
    assertEquals(": \"a b\"", RefusalReason.of(unknown, "/apps/a%20b/events"));
    assertEquals(": \"\\u000a\\\"x\"", RefusalReason.of(unknown, "/apps/%0A%22x/events"));
    String cut = RefusalReason.of(unknown, "/apps/" + "x".repeat(1000) + "/events");
    assertEquals(": \"" + "x".repeat(64) + '"', cut);
  }

  @Test
  void otherProblems_areReportedByTheirReasonOnly() {
    assertEquals("", RefusalReason.of(Refusal.of(Problem.METHOD_NOT_ALLOWED, null), "/"));
  }
}
