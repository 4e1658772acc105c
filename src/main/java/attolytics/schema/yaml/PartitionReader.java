package attolytics.schema.yaml;

import attolytics.schema.Column;
import attolytics.schema.PartitionInterval;
import attolytics.schema.Partitioning;
import attolytics.schema.Retention;
import attolytics.schema.ScalarType;
import attolytics.schema.yaml.NodeReader.Fields;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads {@code partition_by} and {@code retention} of a table. */
final class PartitionReader {
  private static final String BY = "partition_by";
  private static final String RETENTION = "retention";
  private static final String COLUMN = "column";
  private static final String INTERVAL = "interval";

  private final Problems problems;
  private final NodeReader nodes;

  PartitionReader(Problems problems, NodeReader nodes) {
    this.problems = problems;
    this.nodes = nodes;
  }

  /**
   * Reads both keys.
   *
   * @param columns the columns without problems
   * @return null if the table is not partitioned, or there is a problem
   */
  @Nullable Partitioning read(Fields table, String what, List<Column> columns) {
    Node retentionNode = table.get(RETENTION);
    Retention retention = retentionNode == null ? null : retention(retentionNode, what);
    Node by = table.get(BY);
    if (by == null) {
      if (retentionNode != null) {
        problems.at(
            retentionNode,
            what
                + ": retention requires partition_by: expired partitions are dropped,"
                + " rows are never deleted");
      }
      return null;
    }
    Fields fields = nodes.fields(by, what + ": " + BY, List.of(COLUMN, INTERVAL));
    if (fields == null) {
      return null;
    }
    Column column = column(fields.require(COLUMN), what, columns, table.get("columns"));
    PartitionInterval interval = interval(fields.require(INTERVAL), what);
    if (retentionNode != null
        && retention != null
        && interval != null
        && retention.isShorterThan(interval)) {
      problems.at(
          retentionNode,
          "%s: retention is %s, but must be at least as long as a partition, a %s"
              .formatted(what, retention, interval));
    }
    return column == null || interval == null
        ? null
        : new Partitioning(column, interval, retention);
  }

  private @Nullable Retention retention(Node node, String what) {
    String text = nodes.string(node, what + ": " + RETENTION);
    Retention retention = text == null ? null : Retention.parse(text);
    if (text != null && retention == null) {
      problems.at(
          node,
          "%s: retention must be like `90 days`, `12 weeks` or `6 months`, at most 9999, but is %s"
              .formatted(what, Problems.quoted(text)));
    }
    return retention;
  }

  private @Nullable Column column(
      @Nullable Node node, String what, List<Column> columns, @Nullable Node allColumns) {
    ScalarNode name = node == null ? null : nodes.name(node, what + ": " + BY + ": " + COLUMN);
    if (name == null) {
      return null;
    }
    for (Column column : columns) {
      if (column.name().equals(name.getValue())) {
        check(name, column, what);
        return column;
      }
    }
    // If a column could not be read, it may be this one, and that has been reported.
    if (allColumns instanceof SequenceNode all && all.getValue().size() == columns.size()) {
      problems.at(
          name,
          "%s: partition_by: undefined column %s%s"
              .formatted(
                  what,
                  Problems.quoted(name.getValue()),
                  Spelling.suggestion(
                      name.getValue(), columns.stream().map(Column::name).toList())));
    }
    return null;
  }

  private void check(ScalarNode name, Column column, String what) {
    String place = what + ": partition_by: column " + Problems.quoted(column.name());
    if (!column.type().is(ScalarType.TIMESTAMP) && !column.type().is(ScalarType.DATE)) {
      problems.at(
          name,
          place + " is of type " + column.type().schemaName() + ", but must be timestamp or date");
    } else if (!column.required()) {
      problems.at(
          name, place + " must be `required: true`: the partitioning column cannot be NULL");
    }
  }

  private @Nullable PartitionInterval interval(@Nullable Node node, String what) {
    ScalarNode name = node == null ? null : nodes.name(node, what + ": " + BY + ": " + INTERVAL);
    if (name == null) {
      return null;
    }
    PartitionInterval interval = PartitionInterval.named(name.getValue());
    if (interval == null) {
      problems.at(
          name,
          what
              + ": unknown interval "
              + Problems.quoted(name.getValue())
              + Spelling.suggestion(name.getValue(), PartitionInterval.names()));
    }
    return interval;
  }
}
