package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.Eventually;
import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.database.AdvisoryLock;
import attolytics.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A start that is told to stop while another instance creates tables. */
@Timeout(120)
class StoppedStartIT {
  private static final String SCHEMA =
      """
      tables: {t: {columns: [{name: s}]}}
      apps: {a: {secret_key: sesame, tables: [t]}}
      """;

  @TempDir Path directory;

  @Test
  void start_thatWaitsForItsTurn_ends() throws Exception {
    Path file = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    CountDownLatch stop = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (TestDatabase database = TestDatabase.create();
        Connection other = database.connect()) {
      Sql.execute(other, "SELECT pg_advisory_lock(" + AdvisoryLock.TABLES.key() + ")");
      Settings settings =
          CommandResult.settings(
              "--schema=" + file, "--port=0", "--admin_port=0", "--db_url=" + database.url());
      Future<Service> start = executor.submit(() -> Service.start(settings, Map.of(), stop));
      String waiting =
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
              + " AND query LIKE '%pg_try_advisory_xact_lock%' AND pid <> pg_backend_pid()";
      Eventually.await(() -> !database.value(waiting).equals("0"));

      stop.countDown();

      ExecutionException e = assertThrows(ExecutionException.class, start::get);
      InterruptedException end = assertInstanceOf(InterruptedException.class, e.getCause());
      assertEquals("stopped while tables are created", end.getMessage());
    } finally {
      executor.shutdownNow();
    }
  }
}
