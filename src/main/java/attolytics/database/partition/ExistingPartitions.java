package attolytics.database.partition;

import attolytics.schema.TimeRange;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an existing table is partitioned.
 *
 * @param parent the table's name with its schema, quoted if necessary
 * @param schema that schema, quoted likewise
 * @param key the partition key in SQL, or null if it is not partitioned
 * @param byColumn whether the key is a range of exactly the expected column
 * @param owned whether the current user has the privileges of its owner
 * @param mayCreate whether the current user may create tables in the schema
 * @param hasDefault whether there is a DEFAULT partition
 * @param partitions the other partitions whose bounds are times
 */
record ExistingPartitions(
    String parent,
    String schema,
    @Nullable String key,
    boolean byColumn,
    boolean owned,
    boolean mayCreate,
    boolean hasDefault,
    List<Partition> partitions) {
  /**
   * A partition.
   *
   * @param name with its schema, quoted if necessary
   * @param range as the catalog has it
   * @param comment or null
   * @param detaching whether a DETACH CONCURRENTLY has begun and not ended
   */
  record Partition(String name, TimeRange range, @Nullable String comment, boolean detaching) {
    /** Whether the service has created it, with the same bounds. */
    boolean isOwn() {
      return comment != null
          && (comment.startsWith(PartitionSql.MADE) || isMarked())
          && range.equals(PartitionBound.parse(comment));
    }

    /** Whether the service has begun to drop it. */
    boolean isMarked() {
      return comment != null && comment.startsWith(PartitionSql.DROPPED);
    }
  }

  private static final String PARENT =
      """
      SELECT format('%I.%I', nspname, relname) AS parent, quote_ident(nspname) AS schema,
        pg_get_partkeydef(pg_class.oid) AS key,
        partstrat = 'r' AND partnatts = 1 AND attname = ? AS by_column,
        pg_has_role(relowner, 'USAGE') AS owned,
        has_schema_privilege(relnamespace, 'CREATE') AS may_create
      FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        LEFT JOIN pg_catalog.pg_partitioned_table ON partrelid = pg_class.oid
        LEFT JOIN pg_catalog.pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
      WHERE pg_class.oid = ?
      """;

  // PostgreSQL 13 has no inhdetachpending. A bound has no columns, for which pg_get_expr would
  // wait for a lock on the partition.
  private static final String PARTITIONS =
      """
      SELECT format('%I.%I', nspname, relname) AS name, obj_description(part.oid, 'pg_class') AS comment,
        pg_get_expr(relpartbound, 0) AS bound,
        coalesce((to_jsonb(pg_inherits) ->> 'inhdetachpending')::bool, false) AS detaching
      FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class AS part ON part.oid = inhrelid
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
      WHERE inhparent = ? AND relpartbound IS NOT NULL
      ORDER BY 1
      """;

  List<TimeRange> ranges() {
    return partitions.stream().map(Partition::range).toList();
  }

  /**
   * Queries the partitions of a table.
   *
   * @param oid of the table
   * @param column by which it should be partitioned
   */
  static ExistingPartitions of(Connection connection, long oid, String column) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(PARENT)) {
      query.setString(1, column);
      query.setLong(2, oid);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("the table was dropped just now");
        }
        List<Partition> partitions = new ArrayList<>();
        boolean hasDefault = readPartitions(connection, oid, partitions);
        return new ExistingPartitions(
            row.getString("parent"),
            row.getString("schema"),
            row.getString("key"),
            row.getBoolean("by_column"),
            row.getBoolean("owned"),
            row.getBoolean("may_create"),
            hasDefault,
            partitions);
      }
    }
  }

  /** Adds the partitions; returns whether there is a DEFAULT one. */
  private static boolean readPartitions(Connection connection, long oid, List<Partition> to)
      throws SQLException {
    boolean hasDefault = false;
    try (PreparedStatement query = connection.prepareStatement(PARTITIONS)) {
      query.setLong(1, oid);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String bound = row.getString("bound");
          TimeRange range = PartitionBound.parse(bound);
          hasDefault |= bound.equals("DEFAULT");
          if (range != null) {
            to.add(
                new Partition(
                    row.getString("name"),
                    range,
                    row.getString("comment"),
                    row.getBoolean("detaching")));
          }
        }
      }
    }
    return hasDefault;
  }
}
