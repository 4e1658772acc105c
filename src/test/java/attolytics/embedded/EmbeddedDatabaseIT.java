package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.Eventually;
import attolytics.embedded.PostgresPrograms.Account;
import attolytics.settings.StartException;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.read.ListAppender;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@Timeout(120)
class EmbeddedDatabaseIT {
  private static final int DAEMON = 1;

  @TempDir static Path shared;
  @TempDir Path temporary;

  /** Unpacking takes longer than a test: it is done once. */
  @BeforeEach
  void lendThePrograms() throws Exception {
    Path programs = shared.resolve("programs");
    PostgresPrograms.in(programs, PostgresPrograms.accounts());
    Files.createDirectories(directory());
    Files.createSymbolicLink(directory().resolve("programs"), programs);
  }

  @AfterEach
  void stopWhatAFailureLeftRunning() throws Exception {
    Path file = data().resolve("postmaster.pid");
    if (Files.exists(file)) {
      long pid = Long.parseLong(Files.readAllLines(file).get(0));
      ProcessHandle.of(pid)
          .filter(process -> process.info().command().orElse("").contains("postgres"))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void start_isDurable() throws Exception {
    try (EmbeddedDatabase database = start()) {
      assertEquals("on", show(database, "fsync"));
      assertEquals("on", show(database, "synchronous_commit"));
      assertEquals("on", show(database, "full_page_writes"));
    }
  }

  @Test
  void start_listensOnTheLoopbackAddressOnlyAndWantsThePassword() throws Exception {
    try (EmbeddedDatabase database = start()) {
      assertEquals("127.0.0.1", show(database, "listen_addresses"));
      assertEquals("", show(database, "unix_socket_directories"));
      Properties wrong = database.url().properties();
      wrong.setProperty("password", "wrong");
      var e =
          assertThrows(
              SQLException.class,
              () -> DriverManager.getConnection(database.url().jdbcUrl(), wrong).close());
      assertEquals("28P01", e.getSQLState());
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(directory().resolve("pgpass"))));
    }
  }

  @Test
  void start_keepsDataAndPortBetweenRuns() throws Exception {
    int port;
    try (EmbeddedDatabase database = start()) {
      port = database.port();
      execute(database, "CREATE TABLE kept AS SELECT 7 AS value");
    }
    assertFalse(Files.exists(data().resolve("postmaster.pid")), "stopped by close");
    try (EmbeddedDatabase database = start()) {
      assertEquals("7", query(database, "SELECT value FROM kept"));
      assertEquals(port, database.port());
      assertFalse(database.adopted());
    }
  }

  @Test
  void start_takesAnotherPortWhereTheLastIsTaken() throws Exception {
    int port;
    try (EmbeddedDatabase database = start()) {
      port = database.port();
    }
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByAddress(LOOPBACK));
        EmbeddedDatabase database = start()) {
      assertNotEquals(taken.getLocalPort(), database.port());
      assertEquals("1", query(database, "SELECT 1"));
    }
  }

  @Test
  void start_takesOverTheServerOfAKilledProcess() throws Exception {
    int port = startInProcessAndKillIt();
    try (EmbeddedDatabase database = start()) {
      assertTrue(database.adopted());
      assertEquals(port, database.port());
      assertEquals("9", query(database, "SELECT value FROM left_over"));
    }
    assertFalse(Files.exists(data().resolve("postmaster.pid")), "stopped by close");
  }

  @Test
  void start_recoversAfterACrashOfBothProcesses() throws Exception {
    startInProcessAndKillIt();
    kill(serverProcess());
    try (EmbeddedDatabase database = start()) {
      assertFalse(database.adopted());
      assertEquals("9", query(database, "SELECT value FROM left_over"));
    }
  }

  @Test
  void start_recoversWhereAnotherProgramHasTheNumberOfTheServer() throws Exception {
    startInProcessAndKillIt();
    kill(serverProcess());
    // Not this process: the server knows the one that started it and would not mind its number.
    Process other = new ProcessBuilder("sleep", "100").start();
    try {
      Path file = data().resolve("postmaster.pid");
      List<String> lines = new ArrayList<>(Files.readAllLines(file));
      lines.set(0, Long.toString(other.pid()));
      Files.write(file, lines);
      try (EmbeddedDatabase database = start()) {
        assertFalse(database.adopted());
        assertEquals("9", query(database, "SELECT value FROM left_over"));
      }
    } finally {
      kill(other.toHandle());
    }
  }

  @Test
  void start_refusesASecondInstanceAndLeavesTheFirstAlone() throws Exception {
    try (EmbeddedDatabase first = start()) {
      assertProblem("is in use by another instance, process " + ProcessHandle.current().pid());
      assertEquals("1", query(first, "SELECT 1"));
    }
  }

  @Test
  void start_refusesASecondProcess() throws Exception {
    Process first = startInProcess();
    try {
      assertProblem("is in use by another instance, process " + first.pid());
    } finally {
      kill(first.toHandle());
    }
  }

  @Test
  void start_refusesDataOfAnotherMajorVersion() throws Exception {
    createData();
    Files.writeString(data().resolve("PG_VERSION"), "12\n");
    assertProblem("holds data of PostgreSQL 12, but the embedded one is 18");
  }

  @Test
  void start_refusesDataWhosePasswordIsLost() throws Exception {
    Files.createDirectories(data());
    assertProblem("pgpass is missing, and without its password nobody can connect to ");
    assertFalse(Files.exists(directory().resolve("pgpass")), "no other one is made up");
  }

  @Test
  void start_refusesADirectoryThatHoldsNoData() throws Exception {
    createData();
    assertProblem("is not a PostgreSQL data directory");
  }

  /** Because it may take a minute. */
  @Test
  void start_logsThatItBegins() throws Exception {
    createData();
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger logger = (Logger) LoggerFactory.getLogger(EmbeddedDatabase.class);
    Level level = logger.getLevel();
    logger.setLevel(Level.INFO);
    logger.addAppender(logged);
    try {
      assertProblem("is not a PostgreSQL data directory");
    } finally {
      logger.detachAppender(logged);
      logger.setLevel(level);
    }
    assertEquals(
        List.of("starting an embedded PostgreSQL in " + data() + ", unless it is running already"),
        logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
  }

  @Test
  void start_tellsTheServersWordsAndCanBeTriedAgain() throws Exception {
    start().close();
    Path configuration = data().resolve("postgresql.auto.conf");
    Files.writeString(configuration, "shared_buffers = 'much'\n");
    assertProblem("invalid value for parameter \"shared_buffers\": \"much\"");
    Files.writeString(configuration, "");
    start().close();
  }

  @Test
  void start_beginsAgainAfterAHalfDoneFirstStart() throws Exception {
    Files.createDirectories(directory().resolve("postgresql.new/base"));
    Files.writeString(directory().resolve("initdb-password"), "old");
    try (EmbeddedDatabase database = start()) {
      assertEquals("1", query(database, "SELECT 1"));
    }
  }

  /** A terminal sends its SIGINT to the programs of the start, too. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void start_thatACtrlCEnds_saysThatItWasStopped() throws Exception {
    EmbeddedServer.Pause stopped =
        () -> {
          throw new InterruptedException("stopped");
        };
    CompletableFuture<Throwable> start =
        CompletableFuture.supplyAsync(
            () ->
                assertThrows(
                    Throwable.class, () -> EmbeddedDatabase.start(directory(), stopped).close()));
    Eventually.await( // until it has its signal handler, it may ignore the signal
        () -> {
          initdb().ifPresent(ProcessHandle::destroy);
          return start.isDone();
        });
    assertEquals("java.lang.InterruptedException: stopped", start.get().toString());
    assertFalse(Files.exists(data()));
  }

  private static Optional<ProcessHandle> initdb() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("initdb"))
        .findAny();
  }

  @Test
  void start_withAPasswordOfTheOperator_connects() throws Exception {
    try (EmbeddedDatabase database = start()) {
      execute(database, "ALTER ROLE postgres PASSWORD '50%/off'");
    }
    Path file = directory().resolve("pgpass");
    Files.writeString(file, Files.readString(file).replaceFirst("[^:]*$", "50%/off\n"));
    try (EmbeddedDatabase database = start()) {
      assertEquals("1", query(database, "SELECT 1"));
    }
  }

  @Test
  void start_refusesAFileInTheDirectorysPlace() throws Exception {
    Path file = Files.createFile(temporary.resolve("file"));
    var e = assertThrows(StartException.class, () -> EmbeddedDatabase.start(file));
    assertTrue(e.problems().get(0).contains("file is not a directory"), e.problems().get(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a$b", "a'b", "a\"b", "a`b", "a\\b"})
  void start_refusesADirectoryThatAShellWouldMisread(String name) {
    var e =
        assertThrows(StartException.class, () -> EmbeddedDatabase.start(temporary.resolve(name)));
    assertTrue(e.problems().get(0).contains("contains a quote"), e.problems().get(0));
  }

  @ParameterizedTest
  @CsvSource({"os.name, Plan 9", "os.arch, riscv64"})
  void start_refusesASystemThatTheJarHasNoProgramsFor(String property, String value)
      throws Exception {
    String before = System.getProperty(property);
    System.setProperty(property, value);
    try {
      assertProblem("this jar contains no embedded PostgreSQL for ");
    } finally {
      System.setProperty(property, before);
    }
  }

  @Test
  void start_asRootRunsAsNobodyWhereANamespaceIsForbidden() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<Account> accounts =
        List.of(new Account(List.of("no-such-program"), 0), Account.UNPRIVILEGED);
    try (EmbeddedDatabase database = EmbeddedDatabase.start(directory(), accounts)) {
      assertEquals("1", query(database, "SELECT 1"));
      assertEquals("nobody", Files.getOwner(data()).getName());
    }
    try (EmbeddedDatabase database = start()) {
      assertEquals("1", query(database, "SELECT 1"));
    }
  }

  /** As {@code attolytics check} by root where the service runs as another user. */
  @Test
  void start_asRoot_leavesAllToTheOwnerOfTheData() throws Exception {
    assumeTrue(DataOwner.isRoot(), "needs root");
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
    int port;
    try (EmbeddedDatabase database = start()) {
      port = database.port();
    }
    DataOwner.set(directory(), DAEMON);
    Files.delete(directory().resolve("lock"));
    Files.delete(directory().resolve("postgresql.log"));
    // So that another one is noted in the password file.
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByAddress(LOOPBACK));
        EmbeddedDatabase database = start()) {
      assertNotEquals(taken.getLocalPort(), database.port());
      assertEquals("1", query(database, "SELECT 1"));
    }
    assertEquals(List.of(), notOf(DAEMON));
  }

  /** As the package creates it, for the service, which runs as that user. */
  @Test
  void start_asRoot_inAnEmptyDirectoryOfAnotherUser_leavesAllToThatUser() throws Exception {
    assumeTrue(DataOwner.isRoot(), "needs root");
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path programs = directory().resolve("programs");
    Files.delete(programs);
    Path roots = Files.createFile(Files.createDirectory(programs).resolve("of-root"));
    Files.setAttribute(programs, "unix:uid", DAEMON);
    Files.setAttribute(directory(), "unix:uid", DAEMON);
    try (EmbeddedDatabase database = start()) {
      assertEquals("1", query(database, "SELECT 1"));
    }
    assertEquals(List.of(roots), notOf(DAEMON), "only what was created");
  }

  private List<Path> notOf(int user) throws IOException {
    List<Path> others = new ArrayList<>();
    try (Stream<Path> files = Files.walk(directory())) {
      for (Path file : files.filter(each -> !Files.isSymbolicLink(each)).toList()) {
        if (DataOwner.of(file) != user) {
          others.add(file);
        }
      }
    }
    return others;
  }

  @Test
  void start_asRootTellsWhatToDoWhereNothingWorks() {
    var e =
        assertThrows(
            StartException.class,
            () ->
                EmbeddedDatabase.start(
                    directory(), List.of(new Account(List.of("no-such-program"), 0))));
    assertTrue(e.problems().get(0).contains("run as another user"), e.problems().get(0));
  }

  @Test
  void server_thatIsKilled_isStartedAgainOnItsPort() throws Exception {
    try (EmbeddedDatabase database = start()) {
      execute(database, "CREATE TABLE kept AS SELECT 7 AS value");
      for (int i = 0; i < 2; i++) {
        kill(serverProcess());
        awaitQuery(database, "7", "SELECT value FROM kept");
        Eventually.await(() -> database.problem() == null);
      }
    }
    assertFalse(Files.exists(data().resolve("postmaster.pid")), "stopped by close");
  }

  @Test
  void server_thatIsStoppedByAnother_isStartedAgain() throws Exception {
    try (EmbeddedDatabase database = start()) {
      long pid = serverProcess().pid();
      signal("INT", pid);
      Eventually.await(() -> Files.exists(data().resolve("postmaster.pid")) && serverPid() != pid);
      awaitQuery(database, "1", "SELECT 1");
    }
  }

  /** It neither waits nor reads, so it does not notice that its server is gone. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void server_isStartedAgain_thoughABackendOfTheOldOneGoesOn() throws Exception {
    try (EmbeddedDatabase database = start();
        Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      long backend = Long.parseLong(query(connection, "SELECT pg_backend_pid()"));
      CompletableFuture<Boolean> endless =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return statement.execute(
                      "DO $$ BEGIN LOOP END LOOP; END $$; -- does not end by itself");
                } catch (SQLException e) {
                  return false;
                }
              });
      awaitQuery(
          database,
          "active",
          "SELECT state FROM pg_stat_activity WHERE query LIKE 'DO %' AND pid = " + backend);
      kill(serverProcess());
      awaitQuery(database, "1", "SELECT 1");
      assertFalse(endless.get());
      assertFalse(
          ProcessHandle.of(backend).filter(PidFile::runs).isPresent(), "the backend is ended");
    }
  }

  @Test
  void server_thatDoesNotStartAgain_isTriedUntilItDoes_andTroubleSaysWhy() throws Exception {
    try (EmbeddedDatabase database = start()) {
      Path configuration = data().resolve("postgresql.auto.conf");
      Files.writeString(configuration, "shared_buffers = 'much'\n");
      kill(serverProcess());
      String why = "invalid value for parameter \"shared_buffers\": \"much\"";
      Eventually.await(() -> String.valueOf(database.problem()).contains(why));
      Files.writeString(configuration, "");
      Eventually.await(() -> database.problem() == null);
      assertEquals("1", query(database, "SELECT 1"));
    }
  }

  @Test
  void supervision_afterAFailure_logsIt_andItsTroubleEndsWithTheNextLook() throws Exception {
    FailingAppender failing = new FailingAppender("is running again");
    Logger logger = (Logger) LoggerFactory.getLogger(EmbeddedDatabase.class);
    Level level = logger.getLevel();
    logger.setLevel(Level.INFO);
    logger.addAppender(failing);
    try (EmbeddedDatabase database = start()) {
      kill(serverProcess());
      Eventually.await(() -> failing.isLogged);
      Eventually.await(() -> database.problem() == null);
      assertEquals("1", query(database, "SELECT 1"));
    } finally {
      logger.detachAppender(failing);
      logger.setLevel(level);
    }
  }

  /** Fails once, at a message, and notes whether that is logged in turn. */
  private static final class FailingAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {
    private final String at;
    private final IllegalStateException failure = new IllegalStateException("of the test");
    private volatile boolean hasFailed;
    private volatile boolean isLogged;

    FailingAppender(String at) {
      this.at = at;
    }

    /** In place of the one that lets nothing through. */
    @Override
    public void doAppend(ILoggingEvent event) {
      append(event);
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (!hasFailed && event.getFormattedMessage().contains(at)) {
        hasFailed = true;
        throw failure;
      }
      if (event.getThrowableProxy() instanceof ThrowableProxy proxy
          && proxy.getThrowable() == failure) {
        isLogged = true;
      }
    }
  }

  @Test
  void close_endsARestartThatRecovers() throws Exception {
    EmbeddedDatabase database = start();
    recoverForEver();
    kill(serverProcess());
    awaitRecovery();
    database.close();
    assertFalse(Files.exists(data().resolve("postmaster.pid")), "the server is stopped");
  }

  @Test
  void start_thatRecovers_isGivenUpWhenThePauseSaysSo() throws Exception {
    start().close();
    recoverForEver();
    CountDownLatch stop = new CountDownLatch(1);
    CompletableFuture<Void> recovering = CompletableFuture.runAsync(() -> awaitRecoveryThen(stop));
    assertThrows(
        InterruptedException.class,
        () ->
            EmbeddedDatabase.start(
                directory(),
                () -> {
                  if (stop.await(5, TimeUnit.MILLISECONDS)) {
                    throw new InterruptedException("of the test");
                  }
                }));
    recovering.get();
    assertFalse(Files.exists(data().resolve("postmaster.pid")), "the server is stopped");
  }

  private void awaitRecoveryThen(CountDownLatch stop) {
    try {
      awaitRecovery();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      stop.countDown();
    }
  }

  /** The next start waits for WAL that does not come. */
  private void recoverForEver() throws IOException {
    Files.createFile(data().resolve("recovery.signal"));
    Files.writeString(
        data().resolve("postgresql.auto.conf"),
        "restore_command = 'touch \"" + temporary.resolve("recovers") + "\"; sleep 600'\n");
  }

  private void awaitRecovery() throws Exception {
    Eventually.await(() -> Files.exists(temporary.resolve("recovers")));
  }

  private static void awaitQuery(EmbeddedDatabase database, String result, String sql)
      throws Exception {
    Eventually.await(
        () -> {
          try {
            return query(database, sql).equals(result);
          } catch (SQLException e) {
            return false;
          }
        });
  }

  private static void signal(String name, long pid) throws Exception {
    String number = Long.toString(pid);
    assertEquals(0, new ProcessBuilder("kill", "-" + name, number).start().waitFor());
  }

  private long serverPid() throws IOException {
    PidFile file = PidFile.in(data());
    return file == null ? -1 : file.pid();
  }

  @Test
  void close_canBeCalledTwice() throws Exception {
    EmbeddedDatabase database = start();
    database.close();
    database.close();
    start().close();
  }

  /** Started by the tests above in a process of its own, to be killed. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] args) throws Exception {
      EmbeddedDatabase database = EmbeddedDatabase.start(Path.of(args[0]));
      execute(database, "CREATE TABLE left_over AS SELECT 9 AS value");
      System.out.println("port " + database.port());
      Thread.sleep(Duration.ofMinutes(5).toMillis());
    }
  }

  private int startInProcessAndKillIt() throws Exception {
    Process victim = startInProcess();
    kill(victim.toHandle());
    List<String> lines = Files.readAllLines(data().resolve("postmaster.pid"));
    assertTrue(serverProcess().isAlive(), "the server outlives the process that started it");
    return Integer.parseInt(lines.get(3));
  }

  private Process startInProcess() throws IOException {
    Process victim =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                directory().toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    BufferedReader output = victim.inputReader();
    String line = output.readLine();
    while (line != null && !line.startsWith("port ")) {
      line = output.readLine();
    }
    assertTrue(line != null, "the process ended before its database was up");
    return victim;
  }

  private ProcessHandle serverProcess() throws IOException {
    List<String> lines = Files.readAllLines(data().resolve("postmaster.pid"));
    return ProcessHandle.of(Long.parseLong(lines.get(0))).orElseThrow();
  }

  private static void kill(ProcessHandle process) throws Exception {
    process.destroyForcibly();
    process.onExit().get(30, TimeUnit.SECONDS);
  }

  private void assertProblem(String problem) {
    var e = assertThrows(StartException.class, this::start);
    assertEquals(1, e.problems().size());
    assertTrue(e.problems().get(0).contains(problem), e.problems().get(0));
  }

  private void createData() throws IOException {
    Files.createDirectories(data());
    Files.writeString(directory().resolve("pgpass"), "127.0.0.1:0:*:postgres:secret\n");
  }

  private EmbeddedDatabase start() throws StartException, InterruptedException {
    return EmbeddedDatabase.start(directory());
  }

  /** With a space, as users have it. */
  private Path directory() {
    return temporary.resolve("data dir");
  }

  private Path data() {
    return directory().resolve("postgresql");
  }

  private static final byte[] LOOPBACK = {127, 0, 0, 1};

  private static String show(EmbeddedDatabase database, String setting) throws SQLException {
    return query(database, "SHOW " + setting);
  }

  private static String query(EmbeddedDatabase database, String sql) throws SQLException {
    try (Connection connection = connect(database)) {
      return query(connection, sql);
    }
  }

  private static String query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      return result.next() ? result.getString(1) : "nothing";
    }
  }

  private static void execute(EmbeddedDatabase database, String sql) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Connection connect(EmbeddedDatabase database) throws SQLException {
    return DriverManager.getConnection(database.url().jdbcUrl(), database.url().properties());
  }
}
