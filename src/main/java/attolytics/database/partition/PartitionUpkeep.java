package attolytics.database.partition;

import attolytics.database.AdvisoryLock;
import attolytics.database.DdlTransaction;
import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import attolytics.database.Migration.Step;
import attolytics.database.StepRunner;
import attolytics.database.partition.ExistingPartitions.Partition;
import attolytics.schema.Partitioning;
import attolytics.schema.Table;
import attolytics.schema.TimeRange;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Maintains the partitions of one table while it is written to: creates them ahead of time, and
 * drops those past their retention. Blocks writers at most for the lock timeout. After a failure,
 * the next run continues.
 */
public final class PartitionUpkeep {
  /**
   * The partitions of a table now.
   *
   * @param count of its partitions
   * @param end until when every time from now on has one; {@link Instant#MAX}: without a bound
   */
  public record State(int count, Instant end) {}

  /** How long to wait for other instances that create tables or partitions, in this run. */
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(10);

  /** The first version with DETACH PARTITION … CONCURRENTLY. */
  private static final int CONCURRENT_VERSION = 14;

  /**
   * SQLSTATEs of a DETACH after which no other is tried: a timeout, as the lock is that of the
   * whole table, for which writers would wait each time, or the DETACH is pending now; or another
   * one is pending.
   */
  private static final Set<String> ENDS_DETACHING =
      Set.of("57014", DdlTransaction.LOCK_NOT_AVAILABLE, "55000");

  /** Tables that the service has detached and not yet dropped. */
  private static final String DETACHED =
      """
      SELECT format('%I.%I', nspname, relname) AS name, description
      FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        JOIN pg_catalog.pg_description ON objoid = pg_class.oid AND objsubid = 0
          AND classoid = 'pg_catalog.pg_class'::regclass
      WHERE relkind = 'r' AND NOT relispartition AND starts_with(description, ?)
      ORDER BY 1
      """;

  /** Work on a partition. */
  @FunctionalInterface
  private interface Work {
    void run() throws SQLException;
  }

  private final Connection connection;
  private final Table table;
  private final Partitioning partitioning;
  private final ExistingTable existing;

  private PartitionUpkeep(
      Connection connection, Table table, Partitioning partitioning, ExistingTable existing) {
    this.connection = connection;
    this.table = table;
    this.partitioning = partitioning;
    this.existing = existing;
  }

  /**
   * For a table that the schema file declares partitioned.
   *
   * @throws SQLException if it does not exist, or is not partitioned as declared
   */
  public static PartitionUpkeep of(Connection connection, Table table) throws SQLException {
    Partitioning partitioning = table.partitioning();
    ExistingTable existing = ExistingTable.find(connection, Identifiers.quote(table));
    if (partitioning == null || existing == null) {
      throw new SQLException("the table does not exist");
    }
    PartitionUpkeep upkeep = new PartitionUpkeep(connection, table, partitioning, existing);
    if (!upkeep.find().byColumn()) {
      throw new SQLException(
          "the table is not partitioned by range of " + partitioning.column().name());
    }
    return upkeep;
  }

  /** The connection that this uses. */
  public Connection connection() {
    return connection;
  }

  /** The partitions of the table now. */
  public State state(Instant now) throws SQLException {
    List<TimeRange> ranges = find().ranges();
    return new State(ranges.size(), TimeRange.coveredUntil(now, ranges));
  }

  /**
   * Creates missing partitions. Waits for other instances that create tables.
   *
   * @param created called with the statement of each partition after it is created
   */
  public void create(Instant now, Consumer<String> created) throws SQLException {
    if (partitioning.missing(now, find().ranges()).isEmpty()) {
      return;
    }
    while (createNext(now, created)) {
      // Each is committed in a transaction of its own.
    }
  }

  /** Queries what is missing under the lock. Returns whether there may be more. */
  private boolean createNext(Instant now, Consumer<String> created) throws SQLException {
    List<Step> next =
        DdlTransaction.run(
            connection,
            done -> true,
            () -> {
              AdvisoryLock.TABLES.acquire(connection, LOCK_TIMEOUT);
              List<Step> missing = missing(now);
              List<Step> first = missing.subList(0, Math.min(1, missing.size()));
              for (Step step : first) {
                StepRunner.runInTransaction(connection, step, DdlTransaction.LOCK_WAIT);
              }
              return first;
            });
    next.forEach(step -> created.accept(step.statements().get(1)));
    return !next.isEmpty();
  }

  private List<Step> missing(Instant now) throws SQLException {
    ExistingPartitions found = find();
    List<TimeRange> ranges = partitioning.missing(now, found.ranges());
    if (ranges.isEmpty()) {
      return List.of(); // without reading the names of all the tables of the database
    }
    PartitionNames names = new PartitionNames(List.of(table)).avoidThoseOf(connection);
    return PartitionSql.creation(found.parent(), found.schema() + ".", table, ranges, names);
  }

  /** Whether {@link #drop} has something to do. */
  public boolean needsDrop(Instant now) throws SQLException {
    ExistingPartitions found = find();
    Instant end = keptFrom(now);
    return found.partitions().stream()
            .anyMatch(partition -> isPast(partition, end) || isLeftMarked(partition))
        || !detached(found.parent(), end).isEmpty();
  }

  /**
   * Drops partitions that the service has created and that are past their retention, by the
   * server's clock as well as by the service's: a single wrong clock must not cost all the data.
   * What fails for one of them does not keep the others from being dropped. The caller holds {@link
   * AdvisoryLock#UPKEEP}.
   *
   * @param dropped called with the statement of each partition after it is dropped
   * @throws SQLException the first failure, after everything was tried
   */
  public void drop(Instant now, Consumer<String> dropped) throws SQLException {
    Instant end = keptFrom(now);
    ExistingPartitions found = find();
    List<SQLException> failures = new ArrayList<>();
    finishPending(found, end, failures);
    detachPast(found, end, failures);
    attempt(failures, () -> takeMarksBack(failures));
    attempt(
        failures,
        () -> {
          for (String name : detached(found.parent(), end)) {
            String statement = "DROP TABLE " + name;
            if (attempt(failures, () -> execute(statement))) {
              dropped.accept(statement);
            }
          }
        });
    if (!failures.isEmpty()) {
      SQLException first = failures.get(0);
      failures.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }

  /** First of all, as PostgreSQL begins no other DETACH CONCURRENTLY of the table before. */
  private void finishPending(ExistingPartitions found, Instant end, List<SQLException> failures) {
    for (Partition partition : found.partitions()) {
      if (isLeftPending(partition) || (isPast(partition, end) && partition.detaching())) {
        attempt(
            failures,
            () -> {
              mark(partition, found);
              execute(detachment(partition, found) + " FINALIZE");
            });
      }
    }
  }

  private void detachPast(ExistingPartitions found, Instant end, List<SQLException> failures) {
    for (Partition partition : found.partitions()) {
      if (isPast(partition, end)
          && !partition.detaching()
          && attempt(failures, () -> mark(partition, found))
          && !attempt(failures, () -> detach(partition, found))
          && ENDS_DETACHING.contains(
              String.valueOf(failures.get(failures.size() - 1).getSQLState()))) {
        return;
      }
    }
  }

  /**
   * From partitions whose DETACH has not begun. Somebody may detach them by hand later, to keep
   * them, when the retention has become longer.
   */
  private void takeMarksBack(List<SQLException> failures) throws SQLException {
    for (Partition partition : find().partitions()) {
      if (isLeftMarked(partition) && !partition.detaching()) {
        String comment = PartitionSql.madeOf(table, partition.range(), partitioning);
        attempt(failures, () -> execute(PartitionSql.comment(partition.name(), comment)));
      }
    }
  }

  /** Whether the work is done; if it fails, that is one more of the failures. */
  private static boolean attempt(List<SQLException> failures, Work work) {
    try {
      work.run();
      return true;
    } catch (SQLException e) {
      failures.add(e);
      return false;
    }
  }

  /** {@link Instant#MIN} without a retention. */
  private Instant keptFrom(Instant now) throws SQLException {
    Instant serverNow = serverNow();
    return partitioning.keptFrom(serverNow.isBefore(now) ? serverNow : now);
  }

  private boolean isPast(Partition partition, Instant end) {
    return partition.isOwn() && isPast(partition.range(), end);
  }

  private boolean isPast(TimeRange range, Instant end) {
    return partitioning.retention() != null && !range.to().isAfter(end);
  }

  /**
   * Whether the service has begun to detach it. It has to be finished even if the retention has
   * become longer: there is no way back, and it stops all others.
   */
  private static boolean isLeftPending(Partition partition) {
    return partition.detaching() && isLeftMarked(partition);
  }

  /** Whether the service wanted to drop it when its retention was shorter, or could not. */
  private static boolean isLeftMarked(Partition partition) {
    return partition.isMarked() && partition.isOwn();
  }

  private void mark(Partition partition, ExistingPartitions found) throws SQLException {
    String mark = PartitionSql.markOf(found.parent(), partition.range(), partitioning);
    if (!mark.equals(partition.comment())) {
      execute(PartitionSql.comment(partition.name(), mark));
    }
  }

  private void detach(Partition partition, ExistingPartitions found) throws SQLException {
    String detachment = detachment(partition, found);
    if (found.hasDefault() // PostgreSQL cannot detach concurrently beside a default
        || connection.getMetaData().getDatabaseMajorVersion() < CONCURRENT_VERSION) {
      execute(detachment);
    } else {
      executeConcurrently(detachment + " CONCURRENTLY");
    }
  }

  private static String detachment(Partition partition, ExistingPartitions found) {
    return "ALTER TABLE %s DETACH PARTITION %s".formatted(found.parent(), partition.name());
  }

  private void execute(String statement) throws SQLException {
    StepRunner.run(connection, Step.of(statement, null), DdlTransaction.LOCK_WAIT);
  }

  /**
   * Outside of a transaction, where a server-side timeout would apply to the session, so the
   * timeout is the driver's.
   */
  private void executeConcurrently(String statement) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.setQueryTimeout((int) DdlTransaction.LOCK_WAIT.toSeconds());
      DdlTransaction.execute(sql, statement);
    }
  }

  /** The tables that are marked, detached, and past their retention. */
  private List<String> detached(String parent, Instant end) throws SQLException {
    List<String> names = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(DETACHED)) {
      query.setString(1, PartitionSql.markOf(parent));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          TimeRange range = PartitionBound.parse(row.getString("description"));
          if (range != null && isPast(range, end)) {
            names.add(row.getString("name"));
          }
        }
      }
    }
    return names;
  }

  private Instant serverNow() throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery("SELECT now()")) {
      row.next();
      return row.getObject(1, OffsetDateTime.class).toInstant();
    }
  }

  private ExistingPartitions find() throws SQLException {
    return ExistingPartitions.of(connection, existing.oid(), partitioning.column().name());
  }
}
