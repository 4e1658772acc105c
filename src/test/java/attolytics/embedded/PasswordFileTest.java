package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordFileTest {
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000);

  @TempDir Path directory;

  @Test
  void setPort_keepsThePassword() throws Exception {
    PasswordFile created = PasswordFile.in(directory);
    assertEquals(0, created.port());
    created.setPort(5_433);
    assertEquals(
        new PasswordFile(created.file(), created.password(), 5_433), PasswordFile.in(directory));
  }

  @Test
  void setPort_thatTheFileHas_leavesItAlone() throws Exception {
    PasswordFile.in(directory).setPort(5_433);
    Files.setLastModifiedTime(directory.resolve("pgpass"), LONG_AGO);
    PasswordFile.in(directory).setPort(5_433);
    assertEquals(LONG_AGO, lastModified());
  }

  private FileTime lastModified() throws IOException {
    return Files.getLastModifiedTime(directory.resolve("pgpass"));
  }
}
