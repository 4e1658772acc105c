package attolytics.recent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecentRefusalsTest {
  private Instant now = Instant.parse("2026-11-29T12:00:00Z");
  private final RecentRefusals refusals = new RecentRefusals(() -> now);

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
  void refusalsInOtherWords_areApart_butForNumbers() {
    String start = "the database refused it: SQLSTATE 235";
    for (String end : List.of("14", "14", "02, column \"n\"", "02, column \"m\"", "05", "P01")) {
      refuse("a", true, "/events/0", start + end, "client");
    }
    refuse("b", true, "/events/0", "line 1, column 22", "client");
    refuse("b", true, "/events/0", "line 10, column 2", "client");
    assertEquals(
        List.of(
            "line 10, column 2 2",
            "P01 1",
            "05 1",
            "02, column \"m\" 1",
            "02, column \"n\" 1",
            "14 2"),
        refusals.newestFirst().stream()
            .map(r -> r.newest().detail().replace(start, "") + " " + r.count())
            .toList());
    refuse("a", true, "/events/0", "a sixth", "client");
    assertEquals(RecentKinds.MAX_OF_FAMILY + 1, refusals.newestFirst().size());
    assertEquals("a sixth", refusals.newestFirst().get(0).newest().detail());
  }

  @Test
  void refusalsThatFollowEachOtherClosely_areOne_andOthersAreNot() {
    for (int i = 0; i < 3; i++) {
      refuse("a", "/events/0/n");
      now = now.plus(RecentKinds.GAP);
    }
    Instant last = now.minus(RecentKinds.GAP);
    now = now.plusSeconds(1);
    refuse("a", "/events/0/n");
    assertEquals(List.of("a /events/0/n 1", "a /events/0/n 3"), newestFirst());
    Repeated<RefusedRequest> before = refusals.newestFirst().get(1);
    assertEquals(last.minus(RecentKinds.GAP.multipliedBy(2)), before.first());
    assertEquals(last, before.last());
  }

  @Test
  void userAgents_areApart_butBrowsersAreOne() {
    refuse("a", true, "/events/0/n", "why", "Mozilla/5.0 (X11; Linux x86_64)");
    refuse("a", true, "/events/0/n", "why", "Mozilla/5.0 (Macintosh)");
    refuse("a", true, "/events/0/n", "why", "Game/1");
    refuse("a", true, "/events/0/n", "why", "Game/2");
    refuse("a", true, "/events/1/n", "why", "Game/1");
    assertEquals(List.of("a /events/1/n 2", "a /events/0/n 1", "a /events/0/n 2"), newestFirst());
  }

  @Test
  void refusalNowAndThen_displacesItself_andNoOther() {
    refuse("a", "/events/0/rare");
    for (int i = 0; i < 100; i++) {
      now = now.plus(RecentKinds.GAP.multipliedBy(2));
      refuse("a", "/events/0/n");
    }
    assertEquals(RecentKinds.MAX_OF_FAMILY + 1, newestFirst().size());
    assertEquals("a /events/0/rare 1", newestFirst().get(RecentKinds.MAX_OF_FAMILY));
    assertEquals(now, refusals.newestFirst().get(0).last());
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
