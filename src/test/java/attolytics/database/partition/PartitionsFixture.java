package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.database.EmptySchemaFixture;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Index;
import attolytics.schema.PartitionInterval;
import attolytics.schema.Partitioning;
import attolytics.schema.Retention;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Tables with partitions, and what makes and drops them. */
@Timeout(120)
abstract class PartitionsFixture extends EmptySchemaFixture {
  /** In the past of the server: what is dropped has to be past its retention there, too. */
  static final Instant NOW = Instant.parse("2024-02-28T12:00:00Z");

  static final Duration DAY = Duration.ofDays(1);

  @BeforeEach
  void setTimeZone() throws SQLException {
    // Bounds are those of UTC whatever the session's time zone is.
    sql("SET TIME ZONE 'America/St_Johns'");
  }

  List<String> make(Table table, Instant now) throws SQLException {
    List<String> made = new ArrayList<>();
    PartitionUpkeep.of(connection, table).create(now, made::add);
    return made;
  }

  List<String> drop(Table table, Instant now) throws SQLException {
    List<String> dropped = new ArrayList<>();
    PartitionUpkeep.of(connection, table).drop(now, dropped::add);
    return dropped;
  }

  @FunctionalInterface
  interface Work {
    void on(Connection own) throws SQLException;
  }

  void inParallel(int threads, Work work) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    CyclicBarrier barrier = new CyclicBarrier(threads);
    Callable<Void> task =
        () -> {
          try (Connection own = database.connect()) {
            barrier.await();
            work.on(own);
          }
          return null;
        };
    try {
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(executor.submit(task));
      }
      for (Future<Void> each : running) {
        each.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  static Table table(String interval, @Nullable String retention) {
    return table(ScalarType.TIMESTAMP, interval, retention);
  }

  static Table table(ColumnType type, String interval, @Nullable String retention) {
    return table("t", type, interval, retention);
  }

  static Table table(String name) {
    return table(name, ScalarType.TIMESTAMP, "day", null);
  }

  static Table table(String name, ColumnType type, String interval, @Nullable String retention) {
    Column time = new Column("time", type, null, Index.BRIN, true, 0);
    return new Table(
        name,
        0,
        List.of(time, new Column("s", ScalarType.STRING, null, Index.DEFAULT, false, 1)),
        new Partitioning(
            time,
            Objects.requireNonNull(PartitionInterval.named(interval)),
            retention == null ? null : Retention.parse(retention)),
        null);
  }

  ExistingPartitions existing() throws SQLException {
    return ExistingPartitions.of(
        connection, Long.parseLong(query("SELECT 't'::regclass::oid").get(0)), "time");
  }

  List<String> partitions() throws SQLException {
    return query(
        "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
            + " WHERE relkind = 'r' ORDER BY 1");
  }

  List<String> problems(Schema schema) throws SQLException {
    return DatabaseTables.rehearse(connection, schema, NOW).problems();
  }

  void assertNothingToDo(Schema schema, Instant now) throws SQLException {
    Plan plan = DatabaseTables.prepare(connection, schema, now);
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.statements());
  }
}
