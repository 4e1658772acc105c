package attolytics.embedded;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Who the files of a data directory belong to. Root may run a command on the data of another user,
 * such as {@code check}: what it creates there has to belong to that user, or the service, which
 * runs as that user, cannot use it any more.
 */
final class DataOwner {
  private static final String USER = "unix:uid";

  private DataOwner() {}

  /** Whether this process is root's, so that it can be of service to any user. */
  static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  /** The id of the user that a file belongs to. */
  static int of(Path file) throws IOException {
    return (int) Files.getAttribute(file, USER);
  }

  /**
   * Gives a file or directory tree that root has just created or opened to the owner of the
   * directory that it is in, if the server runs as that user.
   */
  static void give(Path tree, PostgresPrograms.Account account) throws IOException {
    Integer user = account.owner();
    if (user != null && user != 0 && user == of(directoryOf(tree))) {
      set(tree, user);
    }
  }

  /** Sets the owner of a file or directory tree, except for links in it. */
  static void set(Path tree, int owner) throws IOException {
    UserPrincipal user =
        tree.getFileSystem()
            .getUserPrincipalLookupService()
            .lookupPrincipalByName(Integer.toString(owner));
    try (DirectoryStream<Path> directory = Files.newDirectoryStream(directoryOf(tree))) {
      if (!(directory instanceof SecureDirectoryStream<Path> secure)) {
        throw new IOException("the owner of " + tree + " cannot be set on this system");
      }
      set(secure, tree.getFileName(), user);
    }
  }

  // Not by paths: who owns a directory above could replace it by a link meanwhile.
  private static void set(SecureDirectoryStream<Path> directory, Path name, UserPrincipal owner)
      throws IOException {
    PosixFileAttributeView view =
        directory.getFileAttributeView(
            name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    PosixFileAttributes attributes = view.readAttributes();
    if (attributes.isDirectory()) {
      try (SecureDirectoryStream<Path> inside =
          directory.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        for (Path file : inside) {
          set(inside, file.getFileName(), owner);
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
    }
    // Last: if the directory has the owner, so has everything in it.
    if (!attributes.isSymbolicLink()) {
      view.setOwner(owner);
    }
  }

  /**
   * How to open a file: with these options, and not through a link if this is root in the directory
   * of another user, who could have root read or overwrite any file.
   *
   * @throws IOException if it is a link
   */
  static Set<OpenOption> opening(Path file, OpenOption... options) throws IOException {
    Set<OpenOption> all = new HashSet<>(List.of(options));
    if (isRoot() && of(directoryOf(file)) != 0) {
      all.add(LinkOption.NOFOLLOW_LINKS);
      if (Files.isSymbolicLink(file)) {
        throw new IOException(
            file + " is a symbolic link, which root does not follow in another user's directory");
      }
    }
    return all;
  }

  private static Path directoryOf(Path file) {
    return file.resolveSibling(".");
  }
}
