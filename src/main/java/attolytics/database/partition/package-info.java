/**
 * Partitions by time: which a table needs, their SQL, and the task that creates them ahead of time
 * and drops them after their retention.
 *
 * <p>{@link attolytics.database.partition.PartitionSql} has the SQL that creates them, {@link
 * attolytics.database.partition.PartitionUpkeep} detaches and drops them, {@link
 * attolytics.database.partition.PartitionKeeper} is the task. What is declared about partitions is
 * in {@link attolytics.schema.Partitioning}.
 */
@NullMarked
package attolytics.database.partition;

import org.jspecify.annotations.NullMarked;
