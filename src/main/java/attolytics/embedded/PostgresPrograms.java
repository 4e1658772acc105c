package attolytics.embedded;

import attolytics.settings.StartException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's server programs, {@code initdb}, {@code pg_ctl} and {@code postgres}, which are in
 * the jar. Unpacks them once, and runs them under an account that they accept.
 *
 * <p>The archives are those of Zonky. Its {@code EmbeddedPostgres} is not used, because it is made
 * for tests: it starts the server without fsync, deletes directories under {@code /tmp}, accepts
 * files that were unpacked in part, lets every local user connect, and reports failures without the
 * server's message.
 */
public final class PostgresPrograms {
  /** The user {@code nobody} of all Linux distributions. */
  static final int NOBODY = 65_534;

  /** A failure of the server is a FATAL line, with the cause in a few lines before it. */
  private static final int LAST_LINES = 5;

  /** The result of a command. */
  public record Outcome(int exitCode, String output) {
    public boolean succeeded() {
      return exitCode == 0;
    }
  }

  /**
   * How to run programs that refuse to run as root.
   *
   * @param prefix of the command
   * @param owner the id of the user that the server's files must belong to, or null for the user
   *     that creates them
   */
  record Account(List<String> prefix, @Nullable Integer owner) {
    /** For a user other than root. */
    static final Account OWN = new Account(List.of(), null);

    /** Root for the file system, but not for the program. Some containers forbid it. */
    static final Account NAMESPACE = new Account(List.of("unshare", "-U"), 0);

    static final Account UNPRIVILEGED = of(NOBODY, NOBODY);

    /** For root, as another user. */
    static Account of(int user, int group) {
      return new Account(
          List.of("setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups"), user);
    }
  }

  private final Path home;
  private final Account account;
  private final String majorVersion;

  private PostgresPrograms(Path home, Account account) throws StartException, InterruptedException {
    this.home = home;
    this.account = account;
    this.majorVersion = readVersion();
  }

  /**
   * Unpacks the programs unless that has been done.
   *
   * @param directory for the programs, with a directory for each version
   * @param candidates accounts to run them under; the first that works is used
   * @throws StartException if the jar has none for this system, or they do not run on it
   */
  public static PostgresPrograms in(Path directory, List<Account> candidates)
      throws StartException, IOException, InterruptedException {
    Account account = firstWorking(candidates);
    URL archive = archive();
    Path home = directory.resolve(platform() + "-" + version(archive));
    if (!Files.exists(home)) {
      if (!Files.exists(directory)) {
        Files.createDirectories(directory);
        DataOwner.give(directory, account);
      }
      Path unfinished = directory.resolve(home.getFileName() + ".new");
      deleteTree(unfinished);
      unpack(archive, unfinished);
      DataOwner.give(unfinished, account);
      Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
    }
    return new PostgresPrograms(home, account);
  }

  /** Fails if {@link #in} would fail before it unpacks anything. */
  static void refuseUnfitSystem(List<Account> candidates)
      throws StartException, InterruptedException {
    firstWorking(candidates);
    archive();
  }

  private static URL archive() throws StartException {
    URL archive = PostgresPrograms.class.getResource("/postgres-" + platform() + ".txz");
    if (archive == null) {
      throw new StartException(
          "this jar contains no embedded PostgreSQL for " + platform() + ": set --db_url");
    }
    return archive;
  }

  public static List<Account> accounts() {
    return DataOwner.isRoot()
        ? List.of(Account.NAMESPACE, Account.UNPRIVILEGED)
        : List.of(Account.OWN);
  }

  /** That of another user, with its primary group, or null if this system does not know it. */
  static @Nullable Account accountOf(int user, String name)
      throws IOException, InterruptedException {
    Outcome group = outcome(start(List.of(), List.of("id", "-g", name)));
    return group.succeeded() ? Account.of(user, Integer.parseInt(group.output().strip())) : null;
  }

  static Account firstWorking(List<Account> candidates)
      throws StartException, InterruptedException {
    for (Account account : candidates) {
      if (account.prefix().isEmpty() || works(account)) {
        return account;
      }
    }
    throw new StartException(
        "the embedded PostgreSQL does not run as root, and this system allows neither 'unshare -U'"
            + " nor 'setpriv': run as another user, or set --db_url");
  }

  /** Whether the account has a name, which initdb requires, and is not root. */
  static boolean works(Account account) throws InterruptedException {
    try {
      Outcome user = outcome(start(account.prefix(), List.of("id", "-un")));
      return user.succeeded() && !user.output().strip().equals("root");
    } catch (IOException e) {
      return false; // there is no such program
    }
  }

  /** The major version, such as "18". */
  String majorVersion() {
    return majorVersion;
  }

  /**
   * Fails on a system with another C library, or if the user {@code nobody} cannot read the files.
   */
  private String readVersion() throws StartException, InterruptedException {
    String message;
    try {
      Outcome outcome = run("postgres", List.of("--version"));
      if (outcome.succeeded()) {
        return outcome.output().replaceAll("(?s)\\D*(\\d+).*", "$1");
      }
      message = outcome.output().strip();
    } catch (IOException e) {
      message = String.valueOf(e.getMessage());
    }
    String hint =
        account.equals(Account.UNPRIVILEGED)
            ? " (they do not run as root, but as the user nobody, who cannot read "
                + home
                + " if a directory above is closed to others)"
            : "";
    throw new StartException(
        "the programs of the embedded PostgreSQL do not run on this system: "
            + message
            + hint
            + "; set --db_url");
  }

  /**
   * Runs one of the programs to its end.
   *
   * @return exit code, and standard output and error
   * @throws IOException if it cannot be started
   */
  public Outcome run(String program, List<String> arguments)
      throws IOException, InterruptedException {
    return outcome(start(program, arguments));
  }

  /** Starts one of the programs; {@link #outcome} waits for its end. */
  Process start(String program, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin").resolve(program).toString());
    command.addAll(arguments);
    return start(account.prefix(), command);
  }

  private static Process start(List<String> prefix, List<String> command) throws IOException {
    List<String> whole = new ArrayList<>(prefix);
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
    environment.remove("NOTIFY_SOCKET"); // or the server would notify systemd, too
    environment.put("LC_ALL", "C");
    environment.put("TZ", "UTC");
    Process process = builder.start();
    process.getOutputStream().close();
    return process;
  }

  static Outcome outcome(Process process) throws IOException, InterruptedException {
    try (InputStream output = process.getInputStream()) {
      String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      return new Outcome(process.waitFor(), text);
    }
  }

  /** The last lines of a program's output or of the log, without times, joined to one line. */
  static String lastLines(String output) {
    List<String> lines = output.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
    return lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()).stream()
        .map(line -> line.replaceFirst("^.*? \\[\\d+] ", ""))
        .collect(Collectors.joining("; "))
        .replaceAll("\\s+", " ");
  }

  /** Makes the account that the programs run under the owner of a file or directory tree. */
  void own(Path tree) throws IOException {
    Integer owner = account.owner();
    if (owner == null || owner.equals(Files.getAttribute(tree, "unix:uid"))) {
      return;
    }
    DataOwner.set(tree, owner);
  }

  static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** The name in Zonky's archives: {@code linux-x86_64}, {@code darwin-arm_64}. */
  private static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String system = os.startsWith("mac") ? "darwin" : os.startsWith("windows") ? "windows" : os;
    String machine = System.getProperty("os.arch", "");
    String architecture =
        switch (machine) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64" -> "arm_64";
          default -> machine;
        };
    return system + "-" + architecture;
  }

  /** Identifies an archive without reading its fifteen megabytes at each start. */
  private static String version(URL archive) throws IOException {
    if (archive.openConnection() instanceof JarURLConnection inJar) {
      return Long.toHexString(inJar.getJarEntry().getCrc());
    }
    return Long.toString(archive.openConnection().getContentLengthLong());
  }

  private static void unpack(URL archive, Path directory) throws IOException {
    try (InputStream file = archive.openStream();
        TarArchiveInputStream tar =
            new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(file)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path target = directory.resolve(entry.getName()).normalize();
        if (entry.isDirectory()) {
          Files.createDirectories(target);
          continue;
        }
        Files.createDirectories(target.getParent());
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
          Files.createLink(target, directory.resolve(entry.getLinkName()));
        } else {
          Files.copy(tar, target);
          if ((entry.getMode() & 0100) != 0 && !target.toFile().setExecutable(true, false)) {
            throw new IOException("cannot make " + target + " executable");
          }
        }
      }
    }
  }
}
