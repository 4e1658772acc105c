package attolytics.embedded;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

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
   * Gives a file or directory tree that root has created to the owner of the directory that it is
   * in.
   */
  static void give(Path tree) throws IOException {
    if (isRoot()) {
      int owner = of(tree.resolveSibling("."));
      if (owner != 0) {
        set(tree, owner);
      }
    }
  }

  /** Sets the owner of a file or directory tree. */
  static void set(Path tree, int owner) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.setAttribute(file, USER, owner, LinkOption.NOFOLLOW_LINKS);
            return FileVisitResult.CONTINUE;
          }

          // Last: if the directory has the owner, so has everything in it.
          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            return visitFile(directory, Files.readAttributes(directory, BasicFileAttributes.class));
          }
        });
  }
}
