package attolytics.database.partition;

import attolytics.database.Identifiers;
import attolytics.database.Migration.Step;
import attolytics.schema.Partitioning;
import attolytics.schema.Table;
import attolytics.schema.TimeRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The SQL that creates partitions, and marks those that are dropped; {@link PartitionUpkeep}
 * detaches and drops them. The comment of a partition, not its name, says that the service owns it:
 * partitions with another comment are never dropped.
 */
public final class PartitionSql {
  /** The beginning of the comment on a partition that the service has created. */
  static final String MADE = "made by attolytics: ";

  /** The same while it is being dropped, which identifies it after it is detached. */
  static final String DROPPED = "being dropped by attolytics: ";

  private PartitionSql() {}

  /**
   * The steps that create partitions. Each is created as a table and attached, which does not block
   * writers; {@code CREATE TABLE … PARTITION OF} would lock the whole table.
   *
   * @param parent the table's name in SQL
   * @param prefix the schema in SQL with a dot, or empty
   */
  public static List<Step> creation(
      String parent, String prefix, Table table, List<TimeRange> ranges, PartitionNames names) {
    Partitioning partitioning = Objects.requireNonNull(table.partitioning());
    List<Step> steps = new ArrayList<>();
    for (TimeRange range : ranges) {
      String name = prefix + Identifiers.quote(names.next(table.name(), range));
      String bound = PartitionBound.sql(range, partitioning.column().type());
      steps.add(
          new Step(
              List.of(
                  // From PostgreSQL 17 on, ATTACH refuses a partition with an identity column of
                  // its own.
                  "CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)"
                      .formatted(name, parent),
                  "ALTER TABLE %s ATTACH PARTITION %s %s".formatted(parent, name, bound),
                  comment(name, madeOf(table, range, partitioning))),
              false,
              null));
    }
    return steps;
  }

  /** The comment on a partition that the service has created. */
  static String madeOf(Table table, TimeRange range, Partitioning partitioning) {
    return MADE
        + of(Identifiers.quote(table.name()))
        + PartitionBound.sql(range, partitioning.column().type());
  }

  /**
   * The comment on a partition that is being dropped.
   *
   * @param parent the table's name with its schema, as a partition can be in another schema, and a
   *     table of the same name too
   */
  static String markOf(String parent, TimeRange range, Partitioning partitioning) {
    return markOf(parent) + PartitionBound.sql(range, partitioning.column().type());
  }

  /** The beginning of that comment; the bounds follow. */
  static String markOf(String parent) {
    return DROPPED + of(parent);
  }

  private static String of(String quotedTable) {
    return "partition of " + quotedTable + " ";
  }

  static String comment(String name, String text) {
    return "COMMENT ON TABLE %s IS '%s'".formatted(name, text.replace("'", "''"));
  }
}
