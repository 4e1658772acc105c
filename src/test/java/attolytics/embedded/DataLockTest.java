package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.embedded.PostgresPrograms.Account;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class DataLockTest {
  private static final int DAEMON = 1;
  private static final Path FULL_DISK = Path.of("/dev/full");

  @TempDir Path directory;

  @Test
  void take_onAFullDisk_keepsNoLock() throws Exception {
    Files.createSymbolicLink(directory.resolve("lock"), FULL_DISK);
    assertThrows(IOException.class, () -> DataLock.take(directory, Account.OWN));
    try (FileChannel channel = FileChannel.open(FULL_DISK, StandardOpenOption.WRITE)) {
      assertNotNull(channel.tryLock());
    }
  }

  /** Who could have root empty any file. */
  @Test
  void take_asRoot_followsNoLinkInADirectoryOfAnotherUser() throws Exception {
    assumeTrue(DataOwner.isRoot(), "needs root");
    Path another = Files.writeString(directory.resolve("another"), "content");
    Path link = Files.createSymbolicLink(directory.resolve("lock"), another);
    Files.setAttribute(directory, "unix:uid", DAEMON);
    var e = assertThrows(IOException.class, () -> DataLock.take(directory, Account.OWN));
    assertEquals(
        link + " is a symbolic link, which root does not follow in another user's directory",
        e.getMessage());
    assertEquals("content", Files.readString(another));
  }
}
