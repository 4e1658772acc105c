package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The query of the runbook finds who holds a lock. */
@Timeout(60)
class LocksIT {
  private static final Pattern QUERY =
      Pattern.compile("(?s)## Locks\\n.*?```sql\\n(.*?pg_blocking_pids.*?)```");

  private TestDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " PARTITION BY RANGE (n)"})
  void query_listsWhoLocksTheTable(String partitioning) throws Exception {
    database.execute("CREATE TABLE events (n INT)" + partitioning);
    try (Connection holder = begin();
        Connection other = begin()) {
      execute(holder, "LOCK TABLE events IN SHARE MODE");
      execute(other, "CREATE TABLE unrelated (n INT)");
      assertEquals(List.of(pid(holder) + " {} ShareLock"), locks());
    }
  }

  @Test
  void query_listsWhoLocksAPartition() throws Exception {
    database.execute("CREATE TABLE events (n INT) PARTITION BY RANGE (n)");
    database.execute("CREATE TABLE one PARTITION OF events FOR VALUES FROM (1) TO (2)");
    try (Connection holder = begin()) {
      execute(holder, "LOCK TABLE one IN EXCLUSIVE MODE");
      assertEquals(List.of(pid(holder) + " {} ExclusiveLock"), locks());
    }
  }

  @Test
  void query_showsWhoWaitsForWhom() throws Exception {
    database.execute("CREATE TABLE events (n INT)");
    try (Connection reader = begin();
        Connection owner = begin()) {
      execute(reader, "SELECT * FROM events");
      int waiting = pid(owner);
      Thread alter = new Thread(() -> executeUntilClosed(owner, "ALTER TABLE events ADD m INT"));
      alter.start();
      String expected = waiting + " {" + pid(reader) + "} AccessExclusiveLock";
      List<String> locks = locks();
      while (!locks.contains(expected)) {
        locks = locks();
      }
      assertEquals(List.of(pid(reader) + " {} AccessShareLock", expected), locks);
      reader.rollback();
      alter.join(Duration.ofSeconds(30).toMillis());
      assertTrue(!alter.isAlive(), "it still waits");
    }
  }

  private Connection begin() throws SQLException {
    Connection connection = database.connect();
    connection.setAutoCommit(false);
    execute(connection, "SELECT pg_sleep(1.1)"); // the query leaves younger transactions out
    return connection;
  }

  private static void executeUntilClosed(Connection connection, String sql) {
    try {
      execute(connection, sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static int pid(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getInt(1);
    }
  }

  private List<String> locks() throws Exception {
    Matcher query = QUERY.matcher(Files.readString(Path.of("deploy", "RUNBOOK.md")));
    assertTrue(query.find(), "no query");
    List<String> found = new ArrayList<>();
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query.group(1))) {
      while (row.next()) {
        found.add(
            row.getInt("pid") + " " + row.getString("waits_for") + " " + row.getString("locks"));
      }
    }
    return found;
  }
}
