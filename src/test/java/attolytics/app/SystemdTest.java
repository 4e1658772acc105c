package attolytics.app;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXDatagramSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

class SystemdTest {
  /** More than the socket of a receiver holds. */
  private static final int MANY = 10_000;

  @TempDir Path directory;

  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void supervisorThatDoesNotRead_blocksNothing() throws Exception {
    Path path = directory.resolve("notify");
    try (AFUNIXDatagramSocket receiver = AFUNIXDatagramSocket.newInstance()) {
      receiver.bind(AFUNIXSocketAddress.of(path));
      try (Systemd systemd = Systemd.of(Map.of("NOTIFY_SOCKET", path.toString()))) {
        for (int i = 0; i < MANY; i++) {
          systemd.feedWatchdog();
        }
      }
    }
  }
}
