package attolytics.schema;

import attolytics.schema.ExistingPartitions.Partition;
import attolytics.schema.Migration.Step;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Keeps the partitions of one table while it is written to: makes them ahead of time, and drops
 * those that are past their retention. Nothing of it keeps a writer waiting for longer than a lock
 * takes to be given up. Whatever ends it, the next one goes on from there.
 */
public final class PartitionUpkeep {
  /**
   * How a table is divided now.
   *
   * @param count of its partitions
   * @param end until when there is one for each event, from now on; {@link Instant#MAX}: for ever
   */
  public record State(int count, Instant end) {}

  /** Only one upkeep of a database can have it. */
  private static final long LOCK = DatabaseTables.LOCK + 2;

  /** The first with DETACH PARTITION … CONCURRENTLY. */
  private static final int CONCURRENT_VERSION = 14;

  /** Tables that were partitions when the service began to drop them, and are none any more. */
  private static final String DETACHED =
      """
      SELECT format('%I.%I', nspname, relname) AS name, description
      FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        JOIN pg_catalog.pg_description ON objoid = pg_class.oid AND objsubid = 0
          AND classoid = 'pg_catalog.pg_class'::regclass
      WHERE relkind = 'r' AND NOT relispartition AND quote_ident(nspname) = ?
        AND starts_with(description, ?)
      """;

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
   * Gets a connection ready, which is not in a transaction and is of no other use from then on.
   *
   * @return whether no other upkeep is at work on this database; it is kept from it for as long as
   *     the connection lives
   */
  public static boolean begin(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET lock_timeout = " + DatabaseTables.LOCK_WAIT.toMillis());
      try (ResultSet row = sql.executeQuery("SELECT pg_try_advisory_lock(" + LOCK + ")")) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /**
   * The upkeep of a table that the schema file has partitioned.
   *
   * @throws SQLException if it is not there, or not partitioned so
   */
  public static PartitionUpkeep of(Connection connection, Table table) throws SQLException {
    Partitioning partitioning = table.partitioning();
    ExistingTable existing = ExistingTable.find(connection, table.name());
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

  /** How the table is divided now. */
  public State state(Instant now) throws SQLException {
    List<TimeRange> ranges = find().ranges();
    return new State(ranges.size(), TimeRange.endOfCover(now, ranges));
  }

  /**
   * Makes what is missing, in turn with instances that start.
   *
   * @param made is told the statement of each, as soon as it is there
   */
  public void make(Instant now, Consumer<String> made) throws SQLException {
    if (partitioning.missing(now, find().ranges()).isEmpty()) {
      return;
    }
    try (Statement sql = connection.createStatement()) {
      sql.execute("SELECT pg_advisory_lock(" + DatabaseTables.LOCK + ")");
      try {
        for (Step step : missing(now)) {
          DatabaseTables.carryOut(connection, step);
          made.accept(step.statements().get(1));
        }
      } finally {
        sql.execute("SELECT pg_advisory_unlock(" + DatabaseTables.LOCK + ")");
      }
    }
  }

  private List<Step> missing(Instant now) throws SQLException {
    ExistingPartitions found = find();
    PartitionNames names = new PartitionNames(List.of(table)).avoidThoseOf(connection);
    return PartitionSql.creation(
        found.parent(),
        found.schema() + ".",
        table,
        partitioning.missing(now, found.ranges()),
        names);
  }

  /**
   * Drops what the service has made and is past its retention. That takes the server's clock as
   * well as ours: one of them alone, if it were wrong, would cost all the data.
   *
   * @param dropped is told the statement of each, as soon as it is gone
   */
  public void drop(Instant now, Consumer<String> dropped) throws SQLException {
    if (partitioning.retention() == null) {
      return;
    }
    Instant serverNow = serverNow();
    Instant end = partitioning.keptFrom(serverNow.isBefore(now) ? serverNow : now);
    ExistingPartitions found = find();
    try (Statement sql = connection.createStatement()) {
      for (Partition partition : found.partitions()) {
        if (partition.isOwn() && !partition.range().to().isAfter(end)) {
          detach(partition, found, sql);
        }
      }
      for (String name : detached(found.schema(), end)) {
        String statement = "DROP TABLE " + name;
        DatabaseTables.execute(sql, statement);
        dropped.accept(statement);
      }
    }
  }

  private void detach(Partition partition, ExistingPartitions found, Statement sql)
      throws SQLException {
    if (!partition.isMarked()) {
      DatabaseTables.execute(sql, PartitionSql.mark(partition.name(), partition.range(), table));
    }
    boolean concurrently =
        connection.getMetaData().getDatabaseMajorVersion() >= CONCURRENT_VERSION
            && !found.hasDefault(); // which PostgreSQL cannot do
    String how = partition.detaching() ? " FINALIZE" : concurrently ? " CONCURRENTLY" : "";
    DatabaseTables.execute(
        sql,
        "ALTER TABLE %s DETACH PARTITION %s%s".formatted(found.parent(), partition.name(), how));
  }

  /** What is marked and no partition any more, as far as it still is past its retention. */
  private List<String> detached(String schema, Instant end) throws SQLException {
    List<String> names = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(DETACHED)) {
      query.setString(1, schema);
      query.setString(2, PartitionSql.markOf(table));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          TimeRange range = PartitionBound.parse(row.getString("description"));
          if (range != null && !range.to().isAfter(end)) {
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
