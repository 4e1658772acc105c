package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.embedded.PostgresPrograms.Account;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordFileTest {
  private static final int DAEMON = 1;
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000);

  @TempDir Path directory;

  @Test
  void setPort_keepsThePassword() throws Exception {
    PasswordFile created = PasswordFile.in(directory, Account.OWN);
    assertEquals(0, created.port());
    created.setPort(5_433, Account.OWN);
    assertEquals(
        new PasswordFile(created.file(), created.password(), 5_433),
        PasswordFile.in(directory, Account.OWN));
  }

  @Test
  void setPort_thatTheFileHas_leavesItAlone() throws Exception {
    PasswordFile.in(directory, Account.OWN).setPort(5_433, Account.OWN);
    Files.setLastModifiedTime(directory.resolve("pgpass"), LONG_AGO);
    PasswordFile.in(directory, Account.OWN).setPort(5_433, Account.OWN);
    assertEquals(LONG_AGO, lastModified());
  }

  /** Else the user could become the superuser of a server that reads files as root. */
  @Test
  void in_asRoot_isGivenToTheUserThatTheServerRunsAs_only() throws Exception {
    assumeTrue(DataOwner.isRoot(), "needs root");
    Files.setAttribute(directory, "unix:uid", DAEMON);
    Path file = PasswordFile.in(directory, Account.NAMESPACE).file();
    assertEquals(0, DataOwner.of(file));
    Files.delete(file);
    PasswordFile.in(directory, Account.of(DAEMON, DAEMON));
    assertEquals(DAEMON, DataOwner.of(file));
  }

  @Test
  void find_asRoot_followsNoLinkInADirectoryOfAnotherUser() throws Exception {
    assumeTrue(DataOwner.isRoot(), "needs root");
    Path file = PasswordFile.in(directory, Account.OWN).file();
    Files.createSymbolicLink(file, Files.move(file, directory.resolve("another")));
    assertNotNull(PasswordFile.find(directory));
    Files.setAttribute(directory, "unix:uid", DAEMON);
    assertThrows(IOException.class, () -> PasswordFile.find(directory));
  }

  private FileTime lastModified() throws IOException {
    return Files.getLastModifiedTime(directory.resolve("pgpass"));
  }
}
