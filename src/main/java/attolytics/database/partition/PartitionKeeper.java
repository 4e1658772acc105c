package attolytics.database.partition;

import attolytics.database.AdvisoryLock;
import attolytics.database.Connector;
import attolytics.logging.GuardedTask;
import attolytics.logging.LogMarkers;
import attolytics.metrics.PartitionMeters;
import attolytics.metrics.PrometheusMetrics;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Redaction;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maintains the partitions of a schema's tables, every 5 minutes: creates them ahead of time, and
 * drops those past their retention. Runs in a thread of its own, because it may wait for locks. One
 * instance of a database at a time creates partitions, and one drops them.
 */
public final class PartitionKeeper implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PartitionKeeper.class);

  private static final Duration PERIOD = Duration.ofMinutes(5);

  /**
   * How often the clock is checked. A single long wait would be wrong after the machine has been
   * suspended or its clock was set.
   */
  private static final Duration CHECK_PERIOD = Duration.ofSeconds(1);

  private final DatabaseUrl url;
  private final Duration timeout;
  private final InstantSource clock;
  private final PrometheusMetrics metrics;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, PartitionMeters> meters = new HashMap<>();
  private final Map<String, String> problems = new HashMap<>();
  private volatile Schema schema;
  private @Nullable Schema maintained;
  private Instant last = Instant.EPOCH;

  /**
   * @param timeout for the database to respond
   */
  public PartitionKeeper(
      Schema schema,
      DatabaseUrl url,
      Duration timeout,
      InstantSource clock,
      PrometheusMetrics metrics) {
    this.schema = schema;
    this.url = url;
    this.timeout = timeout;
    this.clock = clock;
    this.metrics = metrics;
  }

  public void start() {
    Thread thread = new Thread(this::runUntilClosed, "partitions");
    thread.setDaemon(true);
    thread.start();
  }

  /** Maintains the partitions of another schema from now on. */
  public void setSchema(Schema replacement) {
    schema = replacement;
  }

  /** Does not wait for a statement that is running. */
  @Override
  public void close() {
    closing.countDown();
  }

  private void runUntilClosed() {
    Runnable task = GuardedTask.of(this::maintainIfDue);
    try {
      do {
        task.run();
      } while (!closing.await(CHECK_PERIOD.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      log.debug("Partition maintenance interrupted", e);
    }
  }

  private void maintainIfDue() {
    Schema now = schema;
    Instant time = clock.instant();
    if (!now.equals(maintained) || Duration.between(last, time).abs().compareTo(PERIOD) >= 0) {
      maintained = now;
      last = time;
      maintainAll(now, time);
    }
  }

  private void maintainAll(Schema wanted, Instant now) {
    List<Table> tables =
        wanted.tables().stream().filter(table -> table.partitioning() != null).toList();
    unregisterAllBut(tables);
    if (tables.isEmpty()) {
      return;
    }
    Deque<Table> left = new ArrayDeque<>(tables);
    try {
      while (!left.isEmpty()) {
        maintainOnOneConnection(left, now);
      }
    } catch (StartException | SQLException | RuntimeException | Error e) {
      left.forEach(table -> failed(table, e));
    }
  }

  /** Removes the tables that are done. What breaks the connection fails one of them only. */
  private void maintainOnOneConnection(Deque<Table> left, Instant now)
      throws StartException, SQLException {
    try (Connection connection = Connector.connect(url, timeout)) {
      while (!left.isEmpty() && !connection.isClosed()) {
        maintain(left.element(), now, connection);
        left.remove();
      }
    }
  }

  private void maintain(Table table, Instant now, Connection connection) {
    boolean done = true;
    for (Step step : List.<Step>of(this::create, this::measure, this::drop, this::measure)) {
      done &= run(step, table, now, connection);
    }
    if (done && problems.remove(table.name()) != null) {
      log.atInfo()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("Partition maintenance of {} resumed", table);
    }
  }

  private boolean run(Step step, Table table, Instant now, Connection connection) {
    try {
      if (closing.getCount() == 0 || connection.isClosed()) {
        return false;
      }
      step.run(PartitionUpkeep.of(connection, table), now, meters(table));
      return true;
    } catch (SQLException | RuntimeException e) {
      failed(table, e);
      return false;
    }
  }

  private void create(PartitionUpkeep upkeep, Instant now, PartitionMeters meters)
      throws SQLException {
    upkeep.create(
        now,
        statement -> {
          meters.created();
          log.info("partition created: {}", statement);
        });
  }

  private void drop(PartitionUpkeep upkeep, Instant now, PartitionMeters meters)
      throws SQLException {
    if (!upkeep.needsDrop(now)) {
      return;
    }
    try (Connection turn = Connector.connect(url, timeout)) {
      if (AdvisoryLock.UPKEEP.hold(turn)) {
        Connector.requireSecondConnection(upkeep.connection());
        upkeep.drop(
            now,
            statement -> {
              meters.dropped();
              log.info("partition dropped after its retention: {}", statement);
            });
      } else {
        log.debug(
            "Another instance drops partitions: {}",
            AdvisoryLock.UPKEEP.holders(upkeep.connection()));
      }
    } catch (StartException e) {
      throw new SQLException(e.getMessage(), e);
    }
  }

  private void measure(PartitionUpkeep upkeep, Instant now, PartitionMeters meters)
      throws SQLException {
    PartitionUpkeep.State state = upkeep.state(now);
    boolean unbounded = state.end().equals(Instant.MAX);
    meters.found(
        state.count(), unbounded ? Double.POSITIVE_INFINITY : state.end().toEpochMilli() / 1e3);
  }

  private PartitionMeters meters(Table table) {
    return meters.computeIfAbsent(
        table.name(), name -> new PartitionMeters(name, metrics.registry()));
  }

  private void unregisterAllBut(List<Table> tables) {
    List<String> names = tables.stream().map(Table::name).toList();
    meters.forEach(
        (name, known) -> {
          if (!names.contains(name)) {
            known.unregister();
          }
        });
  }

  /** Logged once, and again if the problem changes. */
  private void failed(Table table, Throwable e) {
    meters(table).failed();
    String words =
        e instanceof SQLException sql ? Connector.message(sql) : String.valueOf(e.getMessage());
    String problem = Redaction.redact(words);
    if (!problem.equals(problems.put(table.name(), problem))) {
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("Partition maintenance of {} failed, retrying every 5 minutes: {}", table, problem);
      log.debug("Cause", e);
    }
  }

  /** A step of the maintenance of a table. */
  @FunctionalInterface
  private interface Step {
    void run(PartitionUpkeep upkeep, Instant now, PartitionMeters meters) throws SQLException;
  }
}
