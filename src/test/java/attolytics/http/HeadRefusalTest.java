package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadRefusalTest {
  private final HeaderMap headers = new HeaderMap();

  private static void assertDetail(String expected, Refusal refusal) {
    assertEquals(expected + "; " + refusal.problem().advice(), refusal.detail());
    assertEquals(refusal.detail(), refusal.reason());
  }

  @ParameterizedTest
  @CsvSource({
    "/events, /events",
    "http://user:secret@host/events, /events",
    "/events?key=secret, /events",
    "/events%3fkey=secret, /events",
    "/events;key=secret, /events",
    "/events%3Bkey=secret, /events",
    "/events#secret, /events",
    "/events%23secret, /events",
  })
  void unknownPath_isQuotedWithoutQuery(String target, String shown) {
    assertDetail('"' + shown + "\" is not a path of the service", HeadRefusal.unknownPath(target));
  }

  @Test
  void missingHeader_isSaidToBeMissing() {
    assertDetail("the header Content-Type is missing", HeadRefusal.unsupportedMediaType(headers));
  }

  @Test
  void repeatedHeader_isSaidToBeRepeated() {
    headers.add(Headers.ORIGIN, "http://a").add(Headers.ORIGIN, "http://b");
    assertDetail("the header Origin is there 2 times", HeadRefusal.originNotAllowed(headers));
  }

  @Test
  void header_isReadAsUtf8() {
    byte[] utf8 = "zstd-für".getBytes(StandardCharsets.UTF_8);
    headers.add(Headers.CONTENT_ENCODING, new String(utf8, StandardCharsets.ISO_8859_1));
    assertDetail(
        "\"zstd-für\" is not a supported encoding", HeadRefusal.unsupportedEncoding(headers));
  }

  @ParameterizedTest
  @CsvSource({"63, xxx", "64, xxx", "65, xx…", "1000, xx…"})
  void quotedText_isAtMost64Characters(int length, String end) {
    String text = HeadRefusal.escaped("x".repeat(length));
    assertEquals(Math.min(64, length), text.length());
    assertTrue(text.endsWith(end), text);
  }

  @Test
  void escape_isNotCutInTheMiddle() {
    assertEquals("x".repeat(60) + "…", HeadRefusal.escaped("x".repeat(60) + "\nx"));
  }

  @Test
  void controlCharacters_areEscaped() {
    Refusal refusal = HeadRefusal.unknownApp("a\u0000\u001b[31m\u202e\"");
    assertEquals(Problem.UNKNOWN_APP, refusal.problem());
    assertDetail("\"a\\u0000\\u001b[31m\\u202e\\\"\" is not an app of the service", refusal);
  }
}
