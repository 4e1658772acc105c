/**
 * Partitions by time: which partitions a table needs, their SQL, and the periodic task that creates
 * them ahead of time and drops them when their retention is over.
 *
 * <p>Start with {@link attolytics.database.partition.PartitionKeeper}, the task. {@link
 * attolytics.database.partition.PartitionSql} has the SQL that creates partitions; {@link
 * attolytics.database.partition.PartitionUpkeep} detaches and drops them. {@link
 * attolytics.schema.Partitioning} is what the schema file declares.
 */
@NullMarked
package attolytics.database.partition;

import org.jspecify.annotations.NullMarked;
