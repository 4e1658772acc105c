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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the partitions of a schema's tables, every few minutes: makes them ahead of time, and drops
 * those that are past their retention. In a thread of its own, as it may wait for locks. Instances
 * on one database take turns at making them, and one at a time drops them.
 */
public final class PartitionKeeper implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PartitionKeeper.class);

  private static final Duration PERIOD = Duration.ofMinutes(5);

  /**
   * How often the clock is looked at: after a machine has slept, or its clock was put right, it is
   * not the time to wait for.
   */
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final DatabaseUrl url;
  private final Duration timeout;
  private final InstantSource clock;
  private final PrometheusMetrics metrics;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, PartitionMeters> meters = new HashMap<>();
  private final Map<String, String> troubles = new HashMap<>();
  private volatile Schema schema;
  private @Nullable Schema kept;
  private Instant last = Instant.EPOCH;

  /**
   * @param timeout for the database to answer
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
    Thread thread = new Thread(this::keepUntilClosed, "partitions");
    thread.setDaemon(true);
    thread.start();
  }

  /** Keeps the partitions of another schema from now on. */
  public void keep(Schema replacement) {
    schema = replacement;
  }

  /** What is under way is broken off by the end of the process, or goes on to its own end. */
  @Override
  public void close() {
    closing.countDown();
  }

  private void keepUntilClosed() {
    Runnable look = GuardedTask.of(this::keepIfDue);
    try {
      do {
        look.run();
      } while (!closing.await(LOOK.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      log.debug("Partitions are not kept any more", e);
    }
  }

  private void keepIfDue() {
    Schema now = schema;
    Instant time = clock.instant();
    if (!now.equals(kept) || Duration.between(last, time).abs().compareTo(PERIOD) >= 0) {
      kept = now;
      last = time;
      keepAll(now, time);
    }
  }

  private void keepAll(Schema wanted, Instant now) {
    List<Table> tables =
        wanted.tables().stream().filter(table -> table.partitioning() != null).toList();
    forgetAllBut(tables);
    if (tables.isEmpty()) {
      return;
    }
    try (Connection connection = Connector.connect(url, timeout)) {
      for (Table table : tables) {
        keep(table, now, connection);
      }
    } catch (StartException | SQLException | RuntimeException | Error e) {
      tables.forEach(table -> failed(table, e));
    }
  }

  private void keep(Table table, Instant now, Connection connection) {
    boolean done = true;
    for (Step step : List.<Step>of(this::make, this::drop, this::look)) {
      done &= take(step, table, now, connection);
    }
    if (done && troubles.remove(table.name()) != null) {
      log.atInfo()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("The partitions of {} are kept again", table);
    }
  }

  private boolean take(Step step, Table table, Instant now, Connection connection) {
    if (closing.getCount() == 0) {
      return false;
    }
    try {
      step.take(PartitionUpkeep.of(connection, table), now, meters(table));
      return true;
    } catch (SQLException e) {
      failed(table, e);
      return false;
    }
  }

  private void make(PartitionUpkeep upkeep, Instant now, PartitionMeters told) throws SQLException {
    upkeep.make(
        now,
        statement -> {
          told.made();
          log.info("partition made: {}", statement);
        });
  }

  private void drop(PartitionUpkeep upkeep, Instant now, PartitionMeters told) throws SQLException {
    if (!upkeep.isPastRetention(now)) {
      return;
    }
    try (Connection turn = Connector.connect(url, timeout)) {
      if (AdvisoryLock.UPKEEP.hold(turn)) {
        Connector.requireBeside(upkeep.connection());
        upkeep.drop(
            now,
            statement -> {
              told.dropped();
              log.info("partition past its retention: {}", statement);
            });
      } else {
        log.debug("Left to drop to another: {}", AdvisoryLock.UPKEEP.holders(upkeep.connection()));
      }
    } catch (StartException e) {
      throw new SQLException(e.getMessage(), e);
    }
  }

  private void look(PartitionUpkeep upkeep, Instant now, PartitionMeters told) throws SQLException {
    PartitionUpkeep.State state = upkeep.state(now);
    boolean forEver = state.end().equals(Instant.MAX);
    told.found(
        state.count(), forEver ? Double.POSITIVE_INFINITY : state.end().toEpochMilli() / 1e3);
  }

  private PartitionMeters meters(Table table) {
    return meters.computeIfAbsent(
        table.name(), name -> new PartitionMeters(name, metrics.registry()));
  }

  private void forgetAllBut(List<Table> tables) {
    List<String> names = tables.stream().map(Table::name).toList();
    meters.forEach(
        (name, known) -> {
          if (!names.contains(name)) {
            known.forget();
          }
        });
  }

  /** Told once, and again only if it is another trouble by then. */
  private void failed(Table table, Throwable e) {
    meters(table).failed();
    String trouble = Redaction.redact(String.valueOf(e.getMessage()));
    if (!trouble.equals(troubles.put(table.name(), trouble))) {
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("The partitions of {} cannot be kept, tried again and again: {}", table, trouble);
      log.debug("Why", e);
    }
  }

  /** A part of what is done for a table. */
  @FunctionalInterface
  private interface Step {
    void take(PartitionUpkeep upkeep, Instant now, PartitionMeters told) throws SQLException;
  }
}
