package attolytics.embedded;

import attolytics.settings.StartException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of {@code --data_dir}, which holds an embedded PostgreSQL:
 *
 * <pre>
 *   lock              held while an instance runs; holds its process id
 *   pgpass            the password, for the owner only: 127.0.0.1:port:*:postgres:password
 *   postgresql/       the data
 *   postgresql.log    the server's log
 *   programs/         the server's programs, a directory for each version
 * </pre>
 */
public record DataDirectory(Path path) {
  private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);

  /** pg_ctl does not quote these for the shell by which it starts the server. */
  private static final String NOT_IN_A_PATH = "\"$`\\\n\r'";

  private static final String NO_PERMISSION = "no permission for ";
  private static final String NO_DIRECTORY = " is not a directory";

  public static DataDirectory of(Path dataDir) throws StartException {
    Path path = dataDir.toAbsolutePath().normalize();
    if (path.toString().chars().anyMatch(c -> NOT_IN_A_PATH.indexOf(c) >= 0)) {
      throw new StartException(
          "--data_dir "
              + path
              + " contains a quote, $, ` or \\, which pg_ctl does not support: choose another"
              + " directory");
    }
    return new DataDirectory(path);
  }

  Path data() {
    return path.resolve("postgresql");
  }

  Path serverLog() {
    return path.resolve("postgresql.log");
  }

  /** Whether there is data, so that a start creates none. */
  public boolean hasData() {
    return Files.exists(data());
  }

  /** Fails if a start could not create a database, as far as that is visible without a change. */
  public void refuseToCreate() throws StartException, InterruptedException {
    Path parent = path;
    while (!Files.exists(parent, LinkOption.NOFOLLOW_LINKS) && parent.getParent() != null) {
      parent = parent.getParent();
    }
    if (!Files.isDirectory(parent)) {
      throw cannotKeep(parent + NO_DIRECTORY, null);
    }
    if (!Files.isWritable(parent)) {
      throw cannotKeep(NO_PERMISSION + parent, null);
    }
    PostgresPrograms.refuseUnfitSystem(PostgresPrograms.accounts());
  }

  /** The server's programs. */
  PostgresPrograms programs(PostgresPrograms.Account account)
      throws StartException, IOException, InterruptedException {
    return PostgresPrograms.in(path.resolve("programs"), List.of(account));
  }

  /**
   * The account for the server. The data of another user stays that user's, and so does a directory
   * without data.
   *
   * @param accounts to choose from, unless they belong to another user
   */
  PostgresPrograms.Account account(List<PostgresPrograms.Account> accounts)
      throws StartException, IOException, InterruptedException {
    return PostgresPrograms.firstWorking(
        DataOwner.isRoot() ? forTheOwner(hasData() ? data() : path, accounts) : accounts);
  }

  /** That of the owner of root's data first: a server that is still running may run under it. */
  private List<PostgresPrograms.Account> forTheOwner(
      Path owned, List<PostgresPrograms.Account> accounts)
      throws StartException, IOException, InterruptedException {
    int owner = DataOwner.of(owned);
    boolean isNobodys = owner == PostgresPrograms.NOBODY;
    if (owner == 0 || (isNobodys && DataOwner.of(path) == 0)) {
      return accounts.stream()
          .sorted(Comparator.comparing(account -> !Integer.valueOf(owner).equals(account.owner())))
          .toList();
    }
    String name = Files.getOwner(owned).getName();
    if (owned.equals(path) && name.equals(Integer.toString(owner))) {
      return accounts; // nobody on this system, as in a container: initdb requires a name
    }
    PostgresPrograms.Account other = PostgresPrograms.accountOf(owner, name);
    if (other == null || !PostgresPrograms.works(other)) {
      throw new StartException(
          "%s belongs to the user %s, as which 'setpriv' cannot run programs on this system: run as that user"
              .formatted(owned, name));
    }
    return List.of(other);
  }

  /** The password file, which is created if there is no data yet. */
  PasswordFile passwordFile(PostgresPrograms.Account account) throws StartException, IOException {
    if (hasData() && PasswordFile.find(path) == null) {
      throw new StartException(
          path.resolve(PasswordFile.NAME)
              + " is missing, and without its password nobody can connect to "
              + data()
              + ": restore it, or move the data away");
    }
    return PasswordFile.in(path, account);
  }

  /**
   * Creates the data unless it exists, under a temporary name first, so that it is complete.
   *
   * @param pause called if that fails, because a Ctrl-C also ends the program that creates it
   * @throws InterruptedException if the pause throws it
   */
  void createData(PostgresPrograms programs, String password, EmbeddedServer.Pause pause)
      throws StartException, IOException, InterruptedException {
    if (hasData()) {
      return;
    }
    log.debug("creating the data of the embedded PostgreSQL in {}", data());
    Path unfinished = path.resolve("postgresql.new");
    Path passwordForInitdb = path.resolve("initdb-password");
    PostgresPrograms.deleteTree(unfinished);
    Files.createDirectory(unfinished);
    programs.own(unfinished);
    Files.deleteIfExists(passwordForInitdb);
    PasswordFile.createPrivate(passwordForInitdb);
    PasswordFile.fill(passwordForInitdb, password);
    programs.own(passwordForInitdb);
    try {
      PostgresPrograms.Outcome outcome =
          programs.run(
              "initdb",
              List.of(
                  "--pgdata=" + unfinished,
                  "--username=" + EmbeddedDatabase.USER,
                  "--pwfile=" + passwordForInitdb,
                  "--auth=scram-sha-256",
                  "--encoding=UTF8",
                  // Sorts equally on every machine, so that the data can be moved.
                  "--no-locale",
                  "--locale-provider=builtin",
                  "--builtin-locale=C.UTF-8",
                  // The service reports and counts rows that the server refuses; in the log of the
                  // server, clients could fill the disk with them.
                  "--set=log_min_messages=log",
                  "--set=log_checkpoints=off"));
      if (!outcome.succeeded()) {
        pause.take();
        throw new StartException(
            "cannot create an embedded PostgreSQL in "
                + data()
                + ": "
                + PostgresPrograms.lastLines(outcome.output())
                + "; or set --db_url");
      }
    } finally {
      Files.deleteIfExists(passwordForInitdb);
    }
    moveDurably(unfinished, data());
  }

  /** Renames a file or directory within its directory, so that a power loss does not undo it. */
  static void moveDurably(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    if (Files.getFileStore(to)
        .supportsFileAttributeView("posix")) { // elsewhere it cannot be opened
      try (FileChannel directory = FileChannel.open(to.getParent(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    }
  }

  void checkVersion(PostgresPrograms programs) throws StartException, IOException {
    Path file = data().resolve("PG_VERSION");
    if (!Files.exists(file)) {
      throw new StartException(
          data()
              + " is not a PostgreSQL data directory: move it away, or choose another --data_dir");
    }
    String found = Files.readString(file).strip();
    String own = programs.majorVersion();
    if (!found.equals(own)) {
      throw new StartException(
          ("%s holds data of PostgreSQL %s, but the embedded one is %s: choose another --data_dir, or"
                  + " run a PostgreSQL %s on it and set --db_url")
              .formatted(data(), found, own, found));
    }
  }

  StartException cannotKeep(IOException e) {
    return cannotKeep(reason(e), e);
  }

  private StartException cannotKeep(String reason, @Nullable IOException cause) {
    return new StartException(
        "cannot use --data_dir "
            + path
            + " for the embedded PostgreSQL: "
            + reason
            + "; choose a directory that this user can write to, or set --db_url",
        cause);
  }

  private static String reason(IOException e) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof AccessDeniedException) {
      return NO_PERMISSION + message;
    }
    if (e instanceof FileAlreadyExistsException) {
      return message + NO_DIRECTORY;
    }
    return e instanceof NoSuchFileException ? message + " does not exist" : message;
  }
}
