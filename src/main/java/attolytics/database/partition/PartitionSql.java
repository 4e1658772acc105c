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
 * The SQL that makes and drops partitions. Whose a partition is, is said by its comment and never
 * by its name: what somebody else has made, or has put another comment on, is left alone.
 */
public final class PartitionSql {
  /** What the comment of a partition begins with that the service has made. */
  static final String MADE = "made by attolytics: ";

  /** The same once it is being dropped: so that it is known when it is no partition any more. */
  static final String DROPPED = "being dropped by attolytics: ";

  private PartitionSql() {}

  /**
   * Makes partitions. Each is created on its own and attached, as that keeps no writer waiting:
   * {@code CREATE TABLE … PARTITION OF} would keep everybody off the whole table.
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
                  // An identity column is the whole table's: from PostgreSQL 17 on the partition's
                  // own would be in the way.
                  "CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)"
                      .formatted(name, parent),
                  "ALTER TABLE %s ATTACH PARTITION %s %s".formatted(parent, name, bound),
                  comment(name, MADE + of(table.name()) + bound)),
              false,
              null));
    }
    return steps;
  }

  /** Marks a partition as one that is being dropped. */
  static String mark(String name, TimeRange range, Table table) {
    Partitioning partitioning = Objects.requireNonNull(table.partitioning());
    String bound = PartitionBound.sql(range, partitioning.column().type());
    return comment(name, markOf(table) + bound);
  }

  /** What the mark of a table's partition begins with; its bounds follow. */
  static String markOf(Table table) {
    return DROPPED + of(table.name());
  }

  private static String of(String table) {
    return "partition of " + Identifiers.quote(table) + " ";
  }

  private static String comment(String name, String text) {
    return "COMMENT ON TABLE %s IS '%s'".formatted(name, text.replace("'", "''"));
  }
}
