package attolytics.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cannot reach postgres://u:s3cr3t@h/d now",
        "'postgresql://u:x@s3cr3t@h/d'",
        "jdbc:postgresql://h/d?user=u&password=s3cr3t&x=y",
        "u:s3cr3t@h",
        "sslpassword=s3cr3t"
      })
  void redact_hidesPasswords(String text) {
    assertFalse(Redaction.redact(text).contains("s3cr3t"), Redaction.redact(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"at 12:30 by a@b", "postgres://u@h:5432/d", "a, b: c"})
  void redact_leavesOtherTextAlone(String text) {
    assertEquals(text, Redaction.redact(text));
  }
}
