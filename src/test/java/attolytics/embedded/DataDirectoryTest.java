package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.embedded.PostgresPrograms.Account;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Root, in directories of other users. */
@EnabledOnOs(OS.LINUX)
class DataDirectoryTest {
  private static final int DAEMON = 1;
  private static final int UNKNOWN = 54_321;

  /** One that works. */
  private static final Account ROOTS = new Account(List.of("setpriv", "--reuid=nobody"), 0);

  @TempDir Path directory;

  @BeforeEach
  void needsRoot() {
    assumeTrue(DataOwner.isRoot(), "needs root");
  }

  @Test
  void account_withoutData_isThatOfTheOwnerOfTheDirectory() throws Exception {
    assertEquals(ROOTS, account());
    setOwner(directory, DAEMON);
    assertEquals(Account.of(DAEMON, DAEMON), account());
  }

  /** As of a directory outside of a container: initdb requires that the user has a name. */
  @Test
  void account_withoutData_inADirectoryOfAnUnknownUser_isRoots() throws Exception {
    setOwner(directory, UNKNOWN);
    assertEquals(ROOTS, account());
  }

  /** Files that root has given away have root's group still. */
  @Test
  void account_ofTheOwnerOfTheData_hasItsPrimaryGroup() throws Exception {
    setOwner(Files.createDirectory(directory.resolve("postgresql")), PostgresPrograms.NOBODY);
    setOwner(directory, DAEMON);
    assertEquals(Account.UNPRIVILEGED, account());
  }

  private Account account() throws Exception {
    return DataDirectory.of(directory).account(List.of(ROOTS));
  }

  private static void setOwner(Path file, int owner) throws Exception {
    Files.setAttribute(file, "unix:uid", owner);
  }
}
