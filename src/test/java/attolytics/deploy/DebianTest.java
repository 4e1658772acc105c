package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.yaml.SchemaFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code deploy/debian/}, as far as it takes no Debian: {@code .ci/package} tries it in one. */
class DebianTest {
  private static final Path DEBIAN = Path.of("deploy/debian");

  @Test
  void schemaFile_needsOnlyASecretKey() throws Exception {
    SchemaFile.read(
        DEBIAN.resolve("schema.conf.yaml"), Map.of("MYAPP_SECRET_KEY", "of the administrator"));
  }

  @Test
  void manualPage_hasEveryCommand() throws Exception {
    String page = Files.readString(DEBIAN.resolve("attolytics.1")).replace("\\-", "-");
    for (String command : List.of("check", "migrate", "replay", "generate-completion", "help")) {
      assertTrue(page.contains(".TP\n.B " + command + "\n"), command);
    }
  }

  @Test
  void restart_waitsLongerThanNginxAvoidsAnInstance() throws Exception {
    String nginx = Files.readString(Path.of("deploy/nginx/attolytics.conf"));
    // nginx counts in whole seconds: it may take one more.
    int avoided = number(nginx, "fail_timeout=(\\d+)s") + 1;
    int wait = number(Files.readString(DEBIAN.resolve("restart")), "(?m)^  sleep (\\d+)$");
    assertTrue(wait >= 2 * avoided, wait + " s for nginx, which takes " + avoided);
  }

  private static int number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern);
    return Integer.parseInt(matcher.group(1));
  }

  @Test
  void scripts_areValid() throws Exception {
    for (String script :
        List.of("control/postinst", "control/prerm", "control/postrm", "restart")) {
      assertEquals("", Program.succeed("sh", "-n", DEBIAN.resolve(script).toString()), script);
    }
  }
}
