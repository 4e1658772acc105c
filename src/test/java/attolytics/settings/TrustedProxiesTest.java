package attolytics.settings;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustedProxiesTest {
  private static final List<String> NO_ADDRESSES =
      List.of(
          "",
          "1",
          "1.1",
          "1.1.1",
          "1.1.1.1.1",
          "300.1.1.1",
          "1.1.1.256",
          "999.999.999.999",
          "01.1.1.1",
          "001.1.1.1",
          "0x7f.1",
          "1.1.1.1:80",
          ".",
          ".:1",
          "1.:1",
          ":",
          "1:",
          ":1",
          "1:2",
          ":::",
          "12345::",
          "1::2::3",
          "1:2:3:4:5:6:7:8:9",
          "::ffff:300.1.1.1",
          "::1.1",
          "fe80::1%eth0",
          "a",
          "face",
          "localhost");

  private static final List<String> ADDRESSES =
      List.of("0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::ffff:1.2.3.4", "2001:DB8::1");

  /** Prints which of the arguments are taken for addresses. */
  static final class Addresses {
    private Addresses() {}

    public static void main(String[] texts) {
      for (String text : texts) {
        if (TrustedProxies.address(text) != null) {
          System.out.println(text);
        }
      }
    }
  }

  /** In a process of its own, which has a list of names instead of a name server. */
  @Test
  void address_isNoName(@TempDir Path directory) throws Exception {
    Path hosts = directory.resolve("hosts");
    Files.write(hosts, NO_ADDRESSES.stream().map(name -> "192.0.2.1 " + name).toList());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djdk.net.hosts.file=" + hosts);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Addresses.class.getName());
    command.addAll(NO_ADDRESSES);
    command.addAll(ADDRESSES);
    Process process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor());
    assertEquals(ADDRESSES, printed.lines().toList());
  }
}
