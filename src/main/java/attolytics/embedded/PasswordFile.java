package attolytics.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The password of the embedded database, and the port of its last run, in the format of libpq's
 * password file. It is written before the data is created, so that the password of the data is
 * known.
 *
 * @param port of the last run, or 0
 */
record PasswordFile(Path file, String password, int port) {
  static final String NAME = "pgpass";

  /** Reads the file of the directory, or creates one with a random password. */
  static PasswordFile in(Path directory, PostgresPrograms.Account account) throws IOException {
    PasswordFile found = find(directory);
    if (found != null) {
      return found;
    }
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    PasswordFile created =
        new PasswordFile(directory.resolve(NAME), HexFormat.of().formatHex(random), 0);
    created.write(account);
    return created;
  }

  static @Nullable PasswordFile find(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return null;
    }
    String[] fields = read(file).strip().split(":", -1);
    if (fields.length != 5 || !fields[1].matches("\\d{1,5}")) {
      throw new IOException(file + " is not of the form host:port:*:user:password");
    }
    return new PasswordFile(file, fields[4], Integer.parseInt(fields[1]));
  }

  /** Replaces the port, and leaves a file that has it alone. */
  void setPort(int newPort, PostgresPrograms.Account account) throws IOException {
    if (newPort != port) {
      new PasswordFile(file, password, newPort).write(account);
    }
  }

  /** Survives a power loss: this is the only copy of the password. */
  private void write(PostgresPrograms.Account account) throws IOException {
    Path unfinished = file.resolveSibling(NAME + ".new");
    Files.deleteIfExists(unfinished);
    createPrivate(unfinished);
    fill(
        unfinished,
        "%s:%d:*:%s:%s%n".formatted(EmbeddedServer.ADDRESS, port, EmbeddedDatabase.USER, password));
    DataOwner.give(unfinished, account);
    DataDirectory.moveDurably(unfinished, file);
  }

  private static String read(Path file) throws IOException {
    OpenOption[] options = DataOwner.opening(file).toArray(OpenOption[]::new);
    try (InputStream in = Files.newInputStream(file, options)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Writes an empty file, to the disk. */
  static void fill(Path file, String content) throws IOException {
    OpenOption[] options =
        DataOwner.opening(file, StandardOpenOption.WRITE, StandardOpenOption.DSYNC)
            .toArray(OpenOption[]::new);
    Files.writeString(file, content, options);
  }

  /** Creates an empty file that only its owner can read, if the file system supports that. */
  static void createPrivate(Path file) throws IOException {
    if (Files.getFileStore(file.getParent()).supportsFileAttributeView("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(file);
    }
  }
}
