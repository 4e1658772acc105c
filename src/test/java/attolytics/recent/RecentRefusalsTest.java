package attolytics.recent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class RecentRefusalsTest {
  private final RecentRefusals refusals = new RecentRefusals();

  private void refuse(String app, String pointer) {
    refuse(app, true, pointer, "why", "client");
  }

  private void refuse(String app, boolean isKnown, String pointer, String detail, String agent) {
    refusals.add(
        new RefusedRequest(
            app, isKnown, 400, "invalid_events", "type_mismatch", pointer, "t", detail, agent));
  }

  private List<String> newestFirst() {
    return refusals.newestFirst().stream()
        .map(r -> r.newest().app() + " " + r.newest().pointer() + " " + r.count())
        .toList();
  }

  @Test
  void refusals_areListedNewestFirst() {
    refuse("a", "/events/0/n");
    refuse("b", "/events/0/n");
    refuse("a", "/events/0/m");
    assertEquals(List.of("a /events/0/m 1", "b /events/0/n 1", "a /events/0/n 1"), newestFirst());
  }

  @Test
  void samePlaceInAnotherEvent_isCountedWithTheFirst() {
    refuse("a", "/events/0/n");
    refuse("b", "/events/0/n");
    refuse("a", "/events/17/n");
    refuse("a", "/events/3");
    refuse("a", "/events/4");
    assertEquals(List.of("a /events/4 2", "a /events/17/n 2", "b /events/0/n 1"), newestFirst());
  }

  @Test
  void elementsOfAnArray_areOnePlace() {
    refuse("a", "/events/0/tags/1");
    refuse("a", "/events/1/tags/12");
    refuse("a", "/events/1/tags");
    assertEquals(List.of("a /events/1/tags 1", "a /events/1/tags/12 2"), newestFirst());
  }

  @Test
  void refusalsOfTheService_areTakenApartByCause() {
    for (String cause : List.of("table t is locked", "no connection", "table t is locked")) {
      refusals.add(
          new RefusedRequest(
              "a", true, 503, "database_unavailable", null, null, null, cause, "client"));
    }
    assertEquals(
        List.of("table t is locked 2", "no connection 1"),
        refusals.newestFirst().stream().map(r -> r.newest().detail() + " " + r.count()).toList());
  }

  @Test
  void appThatFloods_displacesItsOwn() {
    refuse("quiet", "/events/0/n");
    refuse("other", "/events/0/n");
    for (int i = 0; i < 10_000; i++) {
      refuse("loud", "/events/0/f" + i);
    }
    assertEquals(RecentKinds.CAPACITY, refusals.newestFirst().size());
    assertEquals("loud /events/0/f9999 1", newestFirst().get(0));
    assertTrue(newestFirst().containsAll(List.of("quiet /events/0/n 1", "other /events/0/n 1")));
  }

  @Test
  void unknownApps_areOneSource() {
    refuse("quiet", "/events/0/n");
    for (int i = 0; i < 1_000; i++) {
      refuse("guess" + i, false, "", "why", "scanner");
    }
    assertTrue(newestFirst().contains("quiet /events/0/n 1"));
    assertEquals(RecentKinds.CAPACITY, newestFirst().size());
  }

  @Test
  void longTexts_areCut() {
    String text = "x".repeat(100_000);
    refuse("a", true, "/events/0/" + text, text, text);
    RefusedRequest kept = refusals.newestFirst().get(0).newest();
    for (String cut :
        List.of(kept.detail(), String.valueOf(kept.pointer()), String.valueOf(kept.userAgent()))) {
      assertEquals(200, cut.length());
    }
  }
}
