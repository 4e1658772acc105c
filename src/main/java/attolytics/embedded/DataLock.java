package attolytics.embedded;

import attolytics.settings.StartException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lock of a data directory, which excludes other instances. The operating system releases it
 * when the process ends.
 */
final class DataLock implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DataLock.class);
  private static final String NAME = "lock";

  private final FileChannel channel;

  private DataLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Acquires the lock, or fails immediately.
   *
   * @param account that the server runs under
   * @throws StartException if another instance holds it
   */
  static DataLock take(Path directory, PostgresPrograms.Account account)
      throws StartException, IOException {
    Path file = directory.resolve(NAME);
    FileChannel channel =
        FileChannel.open(
            file,
            DataOwner.opening(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE));
    boolean locked = false;
    try {
      if (channel.tryLock() != null) {
        DataOwner.give(file, account);
        channel.truncate(0);
        channel.write(
            ByteBuffer.wrap(
                Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
        locked = true;
        return new DataLock(channel);
      }
    } catch (OverlappingFileLockException e) {
      log.debug("locked by this process", e);
    } finally {
      if (!locked) {
        channel.close();
      }
    }
    throw new StartException(
        "--data_dir "
            + directory
            + " is in use by another instance, process "
            + Files.readString(file)
            + ": stop that one, choose another directory, or use one database for both with --db_url");
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      log.warn("cannot release the lock of the data directory: {}", e.getMessage(), e);
    }
  }
}
