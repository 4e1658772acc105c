package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import attolytics.schema.App;
import attolytics.schema.Validation;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AppsTest {
  private static App app(String id) {
    return new App(id, List.of("sesame"), App.ANY_ORIGIN, Validation.STRICT, List.of());
  }

  /** Its path as it stands would be that of another app, whose id it is when it is decoded. */
  @Test
  void byPath_isNullForAnIdWithAPercentSign() {
    App plain = app("a");
    App odd = app("50%25");
    Apps apps = new Apps(Map.of("a", plain, "50%25", odd));
    assertSame(plain, apps.byPath("/apps/a/events"));
    assertNull(apps.byPath("/apps/50%25/events"));
    assertSame(odd, apps.byId("50%25"));
  }
}
