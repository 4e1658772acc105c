package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentTypeTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json;charset=utf8",
        "application/json; charset=\"UTF8\"",
        "application/json; charset=UTF-8",
        "application/json ; Charset=\"Utf-8\" ; q=1",
        "application/json; charset=utf-8; charset=UTF-8",
        "application/json; profile=\"a;charset=latin1\"",
        "application/json; profile=\"\\\";charset=latin1\"",
        "application/json; version=1; x",
        "application/json;"
      })
  void isJson_acceptsJsonInUtf8WithOtherParameters(String type) {
    assertTrue(ContentType.isJson(type));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "json",
        "text/json",
        "text/plain",
        "application/jsonx",
        "application/json-seq",
        "application/problem+json",
        "application/x-www-form-urlencoded",
        "application/json, application/json",
        "application/json; charset=latin1",
        "application/json; charset=utf",
        "application/json; charset=\"utf8",
        "application/json; charset=",
        "application/json; charset = iso-8859-1",
        "application/json; charset=utf-8; charset=latin1",
        "application/json; x=\"a\"; charset=utf-16"
      })
  void isJson_refusesAnotherTypeOrCharset(String type) {
    assertFalse(ContentType.isJson(type));
  }
}
