package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A PID file that a crash left behind. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class EmbeddedServerIT {
  @TempDir static Path shared;
  private static PostgresPrograms programs;

  @TempDir Path temporary;
  private final List<Process> processes = new ArrayList<>();
  private DataDirectory directory;
  private EmbeddedServer server;

  @BeforeAll
  static void unpackPrograms() throws Exception {
    programs = PostgresPrograms.in(shared.resolve("programs"), PostgresPrograms.accounts());
  }

  @BeforeEach
  void createServer() throws Exception {
    directory = DataDirectory.of(temporary);
    server = new EmbeddedServer(directory, programs, "secret");
    Files.createDirectories(directory.data());
  }

  @AfterEach
  void endProcesses() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void adopt_pidOfAnotherPostgres_isNotWaitedFor() throws Exception {
    writePidFile(postgresIn(shared).pid());
    assertNull(server.adopt(() -> fail("waits")));
    assertFalse(Files.exists(pidFile()), "PostgreSQL would refuse to start");
  }

  @Test
  void adopt_pidOfAProgramThatIsCalledSimilarly_isNotWaitedFor() throws Exception {
    writePidFile(start("postgres_exporter", directory.data()).pid());
    assertNull(server.adopt(() -> fail("waits")));
    assertFalse(Files.exists(pidFile()), "PostgreSQL would refuse to start");
  }

  @Test
  void adopt_serverOnTheData_isWaitedFor() throws Exception {
    Process postgres = postgresIn(directory.data());
    writePidFile(postgres.pid());
    List<Boolean> waits = new ArrayList<>();
    assertNull(server.adopt(() -> waits.add(end(postgres))));
    assertEquals(List.of(true), waits);
  }

  @Test
  void adopt_emptyPidFile_isDeleted() throws Exception {
    Files.createFile(pidFile());
    assertNull(server.adopt(() -> fail("waits")));
    assertFalse(Files.exists(pidFile()), "PostgreSQL would refuse to start");
  }

  /** A power loss may leave the length of a file, but not its content. */
  @Test
  void adopt_pidFileOfGarbage_isDeleted() throws Exception {
    Files.write(pidFile(), new byte[] {0, 0, -1, 0});
    assertNull(server.adopt(() -> fail("waits")));
    assertFalse(Files.exists(pidFile()), "PostgreSQL would refuse to start");
  }

  /** Between a server's creation of the file and its first write. */
  @Test
  void adopt_emptyPidFileOfAServerThatStarts_isLeftAlone() throws Exception {
    Process postgres = postgresIn(directory.data());
    Files.createFile(pidFile());
    List<Boolean> waits = new ArrayList<>();
    assertNull(
        server.adopt(
            () -> {
              assertTrue(Files.exists(pidFile()));
              waits.add(end(postgres));
            }));
    assertEquals(List.of(true), waits);
  }

  @Test
  void stop_pidOfAnotherPostgres_isNotSignaled() throws Exception {
    Process other = postgresIn(shared);
    writePidFile(other.pid());
    Files.writeString(directory.data().resolve("PG_VERSION"), programs.majorVersion());
    server.stop();
    assertTrue(other.isAlive());
  }

  private static boolean end(Process process) throws InterruptedException {
    process.destroyForcibly().waitFor();
    return true;
  }

  private Process postgresIn(Path workingDirectory) throws IOException {
    return start("postgres", workingDirectory);
  }

  /** A program of that name that waits. */
  private Process start(String name, Path workingDirectory) throws IOException {
    Path program = Files.copy(Path.of("/bin/sleep"), temporary.resolve(name));
    Process process =
        new ProcessBuilder(program.toString(), "100").directory(workingDirectory.toFile()).start();
    processes.add(process);
    return process;
  }

  private void writePidFile(long pid) throws IOException {
    Files.writeString(pidFile(), pid + "\n" + directory.data() + "\n1\n1\n\n127.0.0.1\n\nready\n");
  }

  private Path pidFile() {
    return directory.data().resolve("postmaster.pid");
  }
}
