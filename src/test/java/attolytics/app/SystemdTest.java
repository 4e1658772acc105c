package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.settings.StartException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
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
  void startThatFails_leavesItsFirstProblem() throws Exception {
    Path path = directory.resolve("notify");
    Map<String, String> environment = Map.of("NOTIFY_SOCKET", path.toString());
    try (NotifySocket socket = new NotifySocket(AFUNIXSocketAddress.of(path.toFile()))) {
      Path none = directory.resolve("none");
      assertThrows(
          StartException.class,
          () ->
              Service.start(
                  CommandResult.settings("--schema=" + none), environment, new CountDownLatch(1)));
      socket.await(
          ("STATUS=the start failed: "
                  + none
                  + ": the schema file does not exist; name another with --schema FILE")
              ::equals);
      Systemd.reportFailure(
          environment,
          new StartException(List.of("refused\n by postgres://u:secret@h/d", "another")));
      socket.await("STATUS=the start failed: refused by postgres://***@h/d"::equals);
    }
  }

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
