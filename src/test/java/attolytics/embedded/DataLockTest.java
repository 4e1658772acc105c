package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
  private static final Path FULL_DISK = Path.of("/dev/full");

  @TempDir Path directory;

  @Test
  void take_onAFullDisk_keepsNoLock() throws Exception {
    Files.createSymbolicLink(directory.resolve("lock"), FULL_DISK);
    assertThrows(IOException.class, () -> DataLock.take(directory));
    try (FileChannel channel = FileChannel.open(FULL_DISK, StandardOpenOption.WRITE)) {
      assertNotNull(channel.tryLock());
    }
  }
}
