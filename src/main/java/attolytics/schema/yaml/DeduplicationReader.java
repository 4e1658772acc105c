package attolytics.schema.yaml;

import attolytics.schema.Column;
import attolytics.schema.Partitioning;
import attolytics.schema.yaml.NodeReader.Fields;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads {@code deduplicate_by} of a table: a column, or a list of columns. */
final class DeduplicationReader {
  private static final String KEY = "deduplicate_by";

  /** The most that an index of PostgreSQL can have. */
  private static final int MAX_COLUMNS = 32;

  private final Problems problems;
  private final NodeReader nodes;

  DeduplicationReader(Problems problems, NodeReader nodes) {
    this.problems = problems;
    this.nodes = nodes;
  }

  /**
   * Reads the key.
   *
   * @param columns the columns without problems
   * @param names of all columns
   * @return the columns without problems, in the order of the key
   */
  List<Column> read(
      Fields table,
      String what,
      List<Column> columns,
      Set<String> names,
      @Nullable Partitioning partitioning,
      @Nullable Column distributeBy) {
    Node node = table.get(KEY);
    if (node == null) {
      return List.of();
    }
    String place = what + ": " + KEY;
    List<Node> items = node instanceof SequenceNode list ? list.getValue() : List.of(node);
    if (items.isEmpty() || items.size() > MAX_COLUMNS) {
      problems.at(
          node,
          "%s has %d columns, expected between 1 and %d"
              .formatted(place, items.size(), MAX_COLUMNS));
      return List.of();
    }
    Map<String, Column> byName = new LinkedHashMap<>();
    columns.forEach(column -> byName.putIfAbsent(column.name(), column));
    Map<String, Column> found = new LinkedHashMap<>();
    boolean complete = true;
    for (Node item : items) {
      ScalarNode name = nodes.nonEmptyName(item, place);
      Column column = name == null ? null : column(name, place, byName, names);
      complete &= column != null;
      if (name != null && column != null && found.put(column.name(), column) != null) {
        problems.at(
            name, "%s names the column %s twice".formatted(place, Problems.quoted(column.name())));
      }
    }
    if (complete) {
      checkContains(node, place, found, partitioning == null ? null : partitioning.column(), true);
      checkContains(node, place, found, distributeBy, false);
    }
    return List.copyOf(found.values());
  }

  private @Nullable Column column(
      ScalarNode name, String place, Map<String, Column> columns, Set<String> names) {
    Column column = columns.get(name.getValue());
    if (column != null) {
      checkHasValue(name, place, column);
    } else if (!names.isEmpty() && !names.contains(name.getValue())) { // else it is reported
      problems.at(
          name,
          "%s: undefined column %s%s"
              .formatted(
                  place,
                  Problems.quoted(name.getValue()),
                  Spelling.suggestion(name.getValue(), names)));
    }
    return column;
  }

  private void checkHasValue(Node node, String place, Column column) {
    if (!column.required() && column.defaultValue() == null) {
      problems.at(
          node,
          "%s: column %s must be `required: true` or have a `default`: rows without a value would never repeat"
              .formatted(place, Problems.quoted(column.name())));
    }
  }

  /** PostgreSQL and Citus enforce a unique index within a partition, and within a shard, only. */
  private void checkContains(
      Node node,
      String place,
      Map<String, Column> found,
      @Nullable Column needed,
      boolean partitioning) {
    if (needed != null && !found.containsKey(needed.name())) {
      problems.at(
          node,
          "%s must contain the %s column, %s: write `%s: [%s, %s]`"
              .formatted(
                  place,
                  partitioning ? "partitioning" : "distribution",
                  Problems.quoted(needed.name()),
                  KEY,
                  String.join(", ", found.keySet()),
                  needed.name()));
    }
  }
}
