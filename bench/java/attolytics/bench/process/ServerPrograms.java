package attolytics.bench.process;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The programs of a PostgreSQL server, and the account that they run under. */
final class ServerPrograms {
  private static final int OLDEST = 15;
  private static final String ACCOUNT = "postgres";
  private static final long PATIENCE_SECONDS = 120;

  private final String description;
  private final Path directory;
  private final List<String> prefix;

  private ServerPrograms(String description, Path directory) throws IOException {
    this.description = description;
    this.directory = directory;
    this.prefix = prefix();
  }

  /**
   * The programs that are installed here, if they are new enough, else the embedded ones.
   *
   * @param embedded whether to take the embedded ones in any case
   * @param work where those are unpacked
   */
  static ServerPrograms find(boolean embedded, Path work) throws IOException, InterruptedException {
    Path installed = embedded ? null : installedPrograms();
    return installed == null
        ? new ServerPrograms("embedded", embeddedPrograms(work))
        : new ServerPrograms("from " + installed, installed);
  }

  /** Where they are from, for people. */
  String description() {
    return description;
  }

  /** Of one of the programs. */
  String path(String program) {
    return directory.resolve(program).toString();
  }

  /** To the account that the server runs under. */
  void giveAway(Path file) throws IOException {
    String user = accountForRoot();
    if (user != null) {
      UserPrincipal owner =
          file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user);
      Files.setOwner(file, owner);
    }
  }

  /** Runs a command to its end. */
  void run(Path log, List<String> command) throws IOException, InterruptedException {
    Process process = start(command, Path.of("/"), log);
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(command.get(0) + " does not end; see " + log);
    }
    if (process.exitValue() != 0) {
      throw new IOException(command.get(0) + " failed; see " + log);
    }
  }

  /** Starts a command under the account that the server runs under, without settings of libpq. */
  Process start(List<String> command, Path directory, Path log) throws IOException {
    List<String> whole = new ArrayList<>(prefix);
    whole.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(whole)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    return builder.start();
  }

  /** What stands before a command. */
  private static List<String> prefix() throws IOException {
    String user = accountForRoot();
    return user == null
        ? List.of()
        : List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups");
  }

  /** PostgreSQL refuses to run as root: the account that it runs under then. */
  private static @Nullable String accountForRoot() throws IOException {
    if (!"root".equals(System.getProperty("user.name"))) {
      return null;
    }
    boolean known =
        Files.readAllLines(Path.of("/etc/passwd")).stream()
            .anyMatch(line -> line.startsWith(ACCOUNT + ":"));
    return known ? ACCOUNT : "nobody";
  }

  /** The programs of the embedded server, whose library unpacks them only if it may start one. */
  private static Path embeddedPrograms(Path directory) throws IOException {
    Path unpacked = Files.createDirectory(directory.resolve("programs"));
    EmbeddedPostgres.builder()
        .setOverrideWorkingDirectory(unpacked.toFile())
        .setDataDirectory(directory.resolve("unused"))
        .setRegisterShutdownHook(false)
        .start()
        .close();
    try (Stream<Path> files = Files.walk(unpacked)) {
      return files
          .filter(file -> file.endsWith(Path.of("bin", "initdb")))
          .findFirst()
          .map(Path::getParent)
          .orElseThrow(() -> new IOException("no server programs in " + unpacked));
    }
  }

  /** The directory of the programs in the path, else of the newest that Debian keeps aside. */
  private static @Nullable Path installedPrograms() throws IOException, InterruptedException {
    List<Path> candidates = new ArrayList<>();
    for (String entry : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      candidates.add(Path.of(entry));
    }
    Path versions = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(versions)) {
      try (Stream<Path> each = Files.list(versions)) {
        each.sorted((a, b) -> Integer.compare(number(b.getFileName()), number(a.getFileName())))
            .forEach(version -> candidates.add(version.resolve("bin")));
      }
    }
    for (Path candidate : candidates) {
      if (Files.isExecutable(candidate.resolve("postgres"))
          && Files.isExecutable(candidate.resolve("initdb"))
          && majorVersion(candidate) >= OLDEST) {
        return candidate;
      }
    }
    return null;
  }

  private static int majorVersion(Path programs) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(programs.resolve("postgres").toString(), "--version").start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return number(Path.of(said.replaceAll("(?s)\\D*(\\d+).*", "$1")));
  }

  private static int number(Path name) {
    try {
      return Integer.parseInt(name.toString());
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
