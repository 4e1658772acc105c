package attolytics.schema.yaml;

import attolytics.schema.Column;
import attolytics.schema.Partitioning;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.yaml.NodeReader.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads a table. Continues after a problem, to report all of them at once. */
final class TableReader {
  /** The prefix of the service's own tables. */
  private static final String OWN_PREFIX = "attolytics_";

  private static final Pattern SYSTEM_SCHEMA = Pattern.compile("pg_.*|information_schema");

  private static final int MAX_COLUMNS = 1_600;

  private final Problems problems;
  private final NodeReader nodes;

  TableReader(Problems problems, NodeReader nodes) {
    this.problems = problems;
    this.nodes = nodes;
  }

  /**
   * Reads a table.
   *
   * @param ordinal the table's index
   */
  Table read(ScalarNode name, int ordinal, Node node) {
    checkName(name);
    return table(name.getValue(), ordinal, node);
  }

  private Table table(String name, int ordinal, Node node) {
    String what = "table " + Problems.quoted(name);
    Fields fields =
        nodes.fields(
            node,
            what,
            List.of(
                "schema",
                "columns",
                "partition_by",
                "retention",
                "distribute_by",
                "deduplicate_by"));
    if (fields == null) {
      return new Table(name, ordinal, List.of());
    }
    String schema = schema(fields.get("schema"), what);
    ColumnReader reader = new ColumnReader(problems, nodes, what);
    List<Column> columns = columns(fields.require("columns"), what, reader);
    Partitioning partitioning = new PartitionReader(problems, nodes).read(fields, what, columns);
    Column distributeBy = distributeBy(fields.get("distribute_by"), what, columns, reader.names());
    List<Column> deduplicateBy =
        new DeduplicationReader(problems, nodes)
            .read(fields, what, columns, reader.names(), partitioning, distributeBy);
    return new Table(schema, name, ordinal, columns, partitioning, distributeBy, deduplicateBy);
  }

  private @Nullable String schema(@Nullable Node node, String table) {
    ScalarNode name = node == null ? null : nodes.identifier(node, table + ": schema");
    if (name == null) {
      return null;
    }
    if (SYSTEM_SCHEMA.matcher(name.getValue()).matches()) {
      problems.at(
          name,
          "%s: the schema %s is reserved for PostgreSQL"
              .formatted(table, Problems.quoted(name.getValue())));
    }
    return name.getValue();
  }

  private List<Column> columns(@Nullable Node node, String what, ColumnReader reader) {
    List<Node> items = node == null ? null : nodes.items(node, what + ": columns");
    if (node == null || items == null) {
      return List.of();
    }
    if (items.isEmpty()) {
      problems.at(node, what + " has no columns");
    }
    if (items.size() > MAX_COLUMNS) {
      problems.at(node, what + " has more than " + MAX_COLUMNS + " columns");
      return List.of();
    }
    List<Column> columns = new ArrayList<>();
    for (Node item : items) {
      Column column = reader.read(item, columns.size());
      if (column != null) {
        columns.add(column);
      }
    }
    return columns;
  }

  /**
   * The distribution column.
   *
   * @param columns the columns without problems
   * @param names of all columns
   */
  private @Nullable Column distributeBy(
      @Nullable Node node, String table, List<Column> columns, Set<String> names) {
    String what = table + ": distribute_by";
    ScalarNode name = node == null ? null : nodes.nonEmptyName(node, what);
    if (name == null) {
      return null;
    }
    for (Column column : columns) {
      if (column.name().equals(name.getValue())) {
        checkDistributable(name, what, column);
        return column;
      }
    }
    if (!names.isEmpty() && !names.contains(name.getValue())) { // else that has been reported
      problems.at(
          name,
          "%s: undefined column %s%s"
              .formatted(
                  what,
                  Problems.quoted(name.getValue()),
                  Spelling.suggestion(name.getValue(), names)));
    }
    return null;
  }

  private void checkDistributable(Node node, String what, Column column) {
    if (column.type().is(ScalarType.JSON)) {
      problems.at(
          node,
          "%s: column %s is of type json, which cannot be a distribution column"
              .formatted(what, Problems.quoted(column.name())));
    }
    if (!column.required()) {
      problems.at(
          node,
          "%s: column %s must be `required: true`, as the distribution column cannot be NULL"
              .formatted(what, Problems.quoted(column.name())));
    }
  }

  private void checkName(ScalarNode node) {
    ScalarNode name = nodes.identifier(node, "a table's name");
    if (name != null && name.getValue().startsWith(OWN_PREFIX)) {
      problems.at(
          name,
          "table %s: names that begin with `%s` are reserved for the service"
              .formatted(Problems.quoted(name.getValue()), OWN_PREFIX));
    }
  }
}
