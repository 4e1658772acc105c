package attolytics.database.partition;

import attolytics.database.ExistingTable;
import attolytics.database.ExistingTable.ExistingColumn;
import attolytics.database.Identifiers;
import attolytics.database.Migration.Step;
import attolytics.schema.Column;
import attolytics.schema.Partitioning;
import attolytics.schema.Table;
import attolytics.schema.TimeRange;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks whether an existing table is partitioned as the schema file declares, and which partitions
 * are missing.
 *
 * @param problems reasons why the service could not maintain its partitions
 * @param warnings what should be changed
 * @param missing the steps that create missing partitions
 */
public record PartitionCheck(List<String> problems, List<String> warnings, List<Step> missing) {
  public static PartitionCheck of(
      Connection connection,
      Table table,
      Partitioning partitioning,
      ExistingTable existing,
      Instant now,
      PartitionNames names)
      throws SQLException {
    ExistingPartitions found =
        ExistingPartitions.of(connection, existing.oid(), partitioning.column().name());
    List<String> problems = problems(table, partitioning, existing, found);
    if (!problems.isEmpty()) {
      return new PartitionCheck(problems, List.of(), List.of());
    }
    List<String> warnings = new ArrayList<>();
    if (found.hasDefault()) {
      warnings.add(
          "table %s has a DEFAULT partition, which each new partition locks and searches; detach it:"
                  .formatted(Identifiers.quote(table))
              + " ALTER TABLE %s DETACH PARTITION …".formatted(found.parent()));
    }
    // Of another type, which TableCheck reports, the bounds say nothing about times.
    List<TimeRange> missing =
        isOfItsType(partitioning.column(), existing)
            ? partitioning.missing(now, found.ranges())
            : List.of();
    return new PartitionCheck(
        problems,
        warnings,
        missing.isEmpty()
            ? List.of()
            : PartitionSql.creation(
                found.parent(),
                found.schema() + ".",
                table,
                missing,
                names.avoidThoseOf(connection)));
  }

  private static boolean isOfItsType(Column column, ExistingTable existing) {
    ExistingColumn found = existing.columns().get(column.name());
    return found != null && column.type().sqlTypes().contains(found.type());
  }

  private static List<String> problems(
      Table table, Partitioning partitioning, ExistingTable existing, ExistingPartitions found) {
    String quoted = Identifiers.quote(table);
    String column = Identifiers.quote(partitioning.column().name());
    if (!found.byColumn()) {
      return List.of(
          "table %s is %s, but the schema file declares it partitioned by range of %s;"
                  .formatted(
                      quoted,
                      found.key() == null ? "not partitioned" : "partitioned by " + found.key(),
                      column)
              + " remove partition_by from the file, or ALTER TABLE %s RENAME TO …, so that a new"
                  .formatted(quoted)
              + " one is created, and copy the rows");
    }
    List<String> problems = new ArrayList<>();
    if (!found.owned()) {
      problems.add(
          "table %s: the user %s does not own it and cannot give it partitions; ALTER TABLE %s OWNER"
                  .formatted(quoted, existing.user(), quoted)
              + " TO "
              + existing.user());
    }
    if (!found.mayCreate()) {
      problems.add(
          "table %s: the user %s may not create its partitions; GRANT CREATE ON SCHEMA %s TO %s"
              .formatted(quoted, existing.user(), found.schema(), existing.user()));
    }
    return problems;
  }
}
