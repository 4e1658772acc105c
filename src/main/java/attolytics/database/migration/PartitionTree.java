package attolytics.database.migration;

/** The partitions of a table at any depth, in SQL. */
final class PartitionTree {
  /**
   * A recursive query {@code tables} for a table whose {@code oid} is the parameter: the table
   * itself and its partitions. Unlike {@code pg_partition_tree}, it locks none of them, which would
   * last until the end of the transaction: a server has a limited number of locks, and one of the
   * partitions may be locked itself. PostgreSQL 13 has no inhdetachpending.
   */
  static final String TABLES =
      """
      tables AS (
        SELECT ?::oid AS oid
        UNION SELECT inhrelid
        FROM tables JOIN pg_catalog.pg_inherits ON inhparent = tables.oid
          JOIN pg_catalog.pg_class AS part ON part.oid = inhrelid
        WHERE relispartition
          AND NOT coalesce((to_jsonb(pg_inherits) ->> 'inhdetachpending')::bool, false)
      )""";

  private PartitionTree() {}
}
