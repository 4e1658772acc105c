package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.PgBouncer;
import attolytics.PgBouncer.Pooling;
import attolytics.TestDatabase;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The service behind a real PgBouncer. */
@Timeout(120)
class PoolersIT {
  private static final String SCHEMA =
      """
      tables:
        seen: {columns: [{name: id, type: i64, required: true}]}
      apps:
        a: {secret_key: sesame, tables: [seen]}
      """;

  private TestDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /**
   * What PgBouncer 1.18 makes of named statements: another client's COMMIT is this client's SELECT.
   */
  @Test
  void post_commitsName_isAnotherClientsStatement_storesAllTheSame() throws Exception {
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 1);
        RunningService service = start(pooler)) {
      assertEquals(200, service.post("k0", event(0)).statusCode());
      for (int number = 1; number <= 30; number++) {
        prepareAsSelect(pooler, "S_" + number);
        assertEquals(200, service.post("k" + number, event(number)).statusCode());
      }
      assertEquals("31", query("SELECT count(*) FROM seen"));
    }
  }

  /** As the driver's names meet each other, within an instance and between two. */
  @Test
  void post_twoInstancesShareThreeConnections_eachRowStandsOnce() throws Exception {
    int requests = 600;
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 3);
        RunningService one = start(pooler, "--writers=2");
        RunningService two = start(pooler, "--writers=2")) {
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int id = 0; id < requests; id++) {
        answers.add((id % 2 == 0 ? one : two).postAsync("k" + id, event(id)));
      }
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertEquals(200, answer.get().statusCode());
      }
      assertEquals(
          requests + "/" + requests,
          query("SELECT count(*) || '/' || count(DISTINCT id) FROM seen"));
    }
  }

  private RunningService start(PgBouncer pooler, String... options) throws Exception {
    return RunningService.startAt(pooler.url(database.name()), database, SCHEMA, options);
  }

  private void prepareAsSelect(PgBouncer pooler, String name) throws SQLException {
    try (Connection connection = pooler.connect(database.name());
        Statement sql = connection.createStatement()) {
      sql.execute(
          "DO $$ BEGIN IF EXISTS (SELECT FROM pg_prepared_statements WHERE name = '%s')"
                  .formatted(name)
              + " THEN EXECUTE 'DEALLOCATE \"%s\"'; END IF; END $$".formatted(name));
      sql.execute("PREPARE \"%s\" AS SELECT 1".formatted(name));
    }
  }

  private static String event(int id) {
    return "{\"_t\":\"seen\",\"id\":" + id + "}";
  }

  private String query(String question) throws SQLException {
    try (Connection connection = database.connect()) {
      return query(connection, question);
    }
  }

  private static String query(Connection connection, String question) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(question)) {
      row.next();
      return row.getString(1);
    }
  }
}
