package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class DataOwnerTest {
  private static final int DAEMON = 1;

  @TempDir Path directory;

  @Test
  void set_changesAWholeTree_butNotWhatItLinksTo() throws Exception {
    assumeTrue(DataOwner.isRoot(), "needs root");
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Path tree = Files.createDirectory(directory.resolve("tree"));
    Path inner = Files.createDirectory(tree.resolve("inner"));
    Path file = Files.createFile(inner.resolve("file"));
    Files.createSymbolicLink(tree.resolve("link"), outside);
    DataOwner.set(tree, DAEMON);
    assertEquals(DAEMON, DataOwner.of(tree));
    assertEquals(DAEMON, DataOwner.of(inner));
    assertEquals(DAEMON, DataOwner.of(file));
    assertEquals(0, DataOwner.of(outside));
    Path link = Files.createSymbolicLink(directory.resolve("link"), outside);
    DataOwner.set(link, DAEMON);
    assertEquals(0, DataOwner.of(outside));
  }
}
