package attolytics.embedded;

import attolytics.settings.StartException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of {@code --data_dir}, in which an embedded PostgreSQL lives:
 *
 * <pre>
 *   lock              held while an instance runs; holds its process id
 *   pgpass            how to get in, for the owner only: 127.0.0.1:port:*:postgres:password
 *   postgresql/       the data
 *   postgresql.log    the server's log
 *   programs/         the server's programs, a directory a version
 * </pre>
 */
public record DataDirectory(Path path) {
  private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);

  /** These would not survive pg_ctl, which starts the server by way of a shell. */
  private static final String NOT_IN_A_PATH = "\"$`\\\n\r'";

  private static final String NO_PERMISSION = "no permission for ";
  private static final String NO_DIRECTORY = " is not a directory";

  public static DataDirectory of(Path dataDir) throws StartException {
    Path path = dataDir.toAbsolutePath().normalize();
    if (path.toString().chars().anyMatch(c -> NOT_IN_A_PATH.indexOf(c) >= 0)) {
      throw new StartException(
          "--data_dir "
              + path
              + " holds a quote, $, ` or \\, which PostgreSQL's programs do not bear: choose another"
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

  /** Whether a start would find data, and not create any. */
  public boolean hasData() {
    return Files.exists(data());
  }

  /** Fails where a start could not create a database, as far as that shows without trying. */
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

  /**
   * The server's programs.
   *
   * @param accounts to run them under: the one that owns the data is tried first, as a server left
   *     running may be under it
   */
  PostgresPrograms programs(List<PostgresPrograms.Account> accounts)
      throws StartException, IOException, InterruptedException {
    return PostgresPrograms.in(path.resolve("programs"), preferOwner(accounts));
  }

  private List<PostgresPrograms.Account> preferOwner(List<PostgresPrograms.Account> accounts)
      throws IOException {
    if (accounts.size() < 2 || !hasData()) {
      return accounts;
    }
    Object owner = Files.getAttribute(data(), "unix:uid");
    return accounts.stream()
        .sorted(Comparator.comparing(account -> !owner.equals(account.owner())))
        .toList();
  }

  /** The password file; a new one if there is no data yet. */
  PasswordFile passwordFile() throws StartException, IOException {
    if (hasData() && PasswordFile.find(path) == null) {
      throw new StartException(
          "there is no "
              + path.resolve(PasswordFile.NAME)
              + " any more, and without its password nobody gets into "
              + data()
              + ": restore it, or move the data away");
    }
    return PasswordFile.in(path);
  }

  /** Creates the data unless it is there: whole, or not at all, so under another name first. */
  void createData(PostgresPrograms programs, String password)
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
    Files.writeString(passwordForInitdb, password);
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
                  // The same order on every machine, whatever its C library: data may move.
                  "--no-locale",
                  "--locale-provider=builtin",
                  "--builtin-locale=C.UTF-8",
                  // Rows that the server refuses are the service's to tell and to count; in the log
                  // they would let a client fill the disk.
                  "--set=log_min_messages=log",
                  "--set=log_checkpoints=off"));
      if (!outcome.succeeded()) {
        throw new StartException(
            "cannot create an embedded PostgreSQL in "
                + data()
                + ": "
                + PostgresPrograms.lastLines(outcome.output())
                + "; or give a database by --db_url");
      }
    } finally {
      Files.deleteIfExists(passwordForInitdb);
    }
    Files.move(unfinished, data(), StandardCopyOption.ATOMIC_MOVE);
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
                  + " run a PostgreSQL %s on it and give it by --db_url")
              .formatted(data(), found, own, found));
    }
  }

  StartException cannotKeep(IOException e) {
    return cannotKeep(reason(e), e);
  }

  private StartException cannotKeep(String reason, @Nullable IOException cause) {
    return new StartException(
        "cannot keep an embedded PostgreSQL in --data_dir "
            + path
            + ": "
            + reason
            + "; choose a directory that this user can write to, or give a database by --db_url",
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
    return e instanceof NoSuchFileException ? "there is no " + message : message;
  }
}
