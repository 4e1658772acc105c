package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventsPathTest {
  @ParameterizedTest
  @CsvSource({
    "/apps/a/events, a",
    "/apps/com.example.my-app/events, com.example.my-app",
    "/apps/a%2Fb/events, a/b",
    "/apps/%C3%BC%20%e2%82%ac/events, ü €",
    "/apps/a+b/events, a+b",
    "/apps/a%2Bb/events, a+b",
    "/apps/a;x=y/events, a;x=y",
    "/apps/a/events/, a",
    "/apps/a/events//, a",
    "//apps/a/events, a",
    "/apps//a///events, a",
    "http://host//apps/a/events/, a",
    "/apps/%zz/events, %zz",
    "/%61pps/%61/event%73, a",
    "http://host:80/apps/a/events, a",
    "HTTPS://host/apps/a%20/events, 'a '"
  })
  void appId_isTheDecodedSegment(String target, String id) {
    assertEquals(id, EventsPath.appId(target));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "*",
        "",
        "/apps/a",
        "/apps/a/events;x=y",
        "/apps//events",
        "//",
        "/apps/a%2Fevents",
        "/apps%2Fa%2Fevents",
        "/apps/a/b/events",
        "/apps/../apps/a/events",
        "/APPS/a/events",
        "http://host",
        "http://apps/a/events",
        "host:80"
      })
  void appId_isNullForAnotherPath(String target) {
    assertNull(EventsPath.appId(target));
  }
}
