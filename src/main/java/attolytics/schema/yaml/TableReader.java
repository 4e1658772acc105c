package attolytics.schema.yaml;

import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Index;
import attolytics.schema.Partitioning;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.yaml.NodeReader.Fields;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads a table. Continues after a problem, to report all of them at once. */
final class TableReader {
  /** The field of an event that names its table. */
  private static final String TABLE_FIELD = "_t";

  /** The prefix of the service's own tables. */
  private static final String OWN_PREFIX = "attolytics_";

  private static final int MAX_COLUMNS = 1_600;

  /** The system columns of every PostgreSQL table. */
  private static final Set<String> SYSTEM_COLUMNS =
      Set.of("cmax", "cmin", "ctid", "tableoid", "xmax", "xmin");

  private static final String BRIN = "brin";

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
        nodes.fields(node, what, List.of("columns", "partition_by", "retention", "distribute_by"));
    if (fields == null) {
      return new Table(name, ordinal, List.of());
    }
    Map<String, Integer> lines = new LinkedHashMap<>();
    List<Column> columns = columns(fields.require("columns"), what, lines);
    Partitioning partitioning = new PartitionReader(problems, nodes).read(fields, what, columns);
    Column distributeBy = distributeBy(fields.get("distribute_by"), what, columns, lines.keySet());
    return new Table(name, ordinal, columns, partitioning, distributeBy);
  }

  /**
   * @param lines the line of each column so far; the names are added
   */
  private List<Column> columns(@Nullable Node node, String what, Map<String, Integer> lines) {
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
      Column column = column(item, what, columns.size(), lines);
      if (column != null) {
        columns.add(column);
      }
    }
    return columns;
  }

  /**
   * @param lines the line of each column so far; the name is added
   */
  private @Nullable Column column(
      Node node, String table, int ordinal, Map<String, Integer> lines) {
    Fields fields =
        nodes.fields(
            node, "a column of " + table, List.of("name", "type", "header", "indexed", "required"));
    if (fields == null) {
      return null;
    }
    ScalarNode name = columnName(fields.require("name"), lines);
    String what = name == null ? "a column" : "column " + Problems.quoted(name.getValue());
    ColumnType type = columnType(fields.get("type"), what);
    String header = header(fields.get("header"), what, type);
    Index index = index(fields.get("indexed"), what, type);
    boolean required = nodes.flag(fields.get("required"), what + ": required", "true or false");
    return name == null || type == null
        ? null
        : new Column(name.getValue(), type, header, index, required, ordinal);
  }

  private @Nullable ScalarNode columnName(@Nullable Node node, Map<String, Integer> lines) {
    ScalarNode name = node == null ? null : nodes.identifier(node, "a column's name");
    if (name == null) {
      return null;
    }
    nodes.checkUnique("column", name, lines);
    if (name.getValue().equals(TABLE_FIELD)) {
      problems.at(name, "a column cannot be called `_t`, which names the table of an event");
    }
    if (SYSTEM_COLUMNS.contains(name.getValue())) {
      problems.at(
          name,
          "a column cannot be called %s: that is a system column of PostgreSQL"
              .formatted(Problems.quoted(name.getValue())));
    }
    return name;
  }

  private @Nullable ColumnType columnType(@Nullable Node node, String what) {
    if (node == null) {
      return ScalarType.STRING;
    }
    ScalarNode name = nodes.name(node, what + ": type");
    if (name == null) {
      return null;
    }
    ColumnType type = ColumnType.named(name.getValue());
    if (type == null) {
      List<String> known =
          name.getValue().endsWith("[]") ? ColumnType.arrayNames() : ColumnType.scalarNames();
      problems.at(
          name,
          "unknown type "
              + Problems.quoted(name.getValue())
              + Spelling.suggestion(name.getValue(), known));
    }
    return type;
  }

  private @Nullable String header(@Nullable Node node, String what, @Nullable ColumnType type) {
    String header = nodes.optionalString(node, what + ": header");
    if (node == null || header == null) {
      return null;
    }
    if (!isHeaderName(header)) {
      problems.at(
          node, what + ": " + Problems.quoted(header) + " is not a valid name of an HTTP header");
    }
    if (type != null && !type.is(ScalarType.STRING)) {
      problems.at(
          node,
          "%s has `header`, but is of type %s; only a string column can have one"
              .formatted(what, type.schemaName()));
    }
    return header;
  }

  private Index index(@Nullable Node node, String what, @Nullable ColumnType type) {
    if (node == null || !NodeReader.isString(node, BRIN)) {
      boolean indexed = nodes.flag(node, what + ": indexed", "true, false or " + BRIN);
      return indexed ? Index.DEFAULT : Index.NONE;
    }
    if (type != null && !type.supportsBrin()) {
      problems.at(
          node,
          "%s: indexed is %s, which PostgreSQL does not support for the type %s; write true or false"
              .formatted(what, BRIN, type.schemaName()));
    }
    return Index.BRIN;
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

  private static boolean isHeaderName(String header) {
    return header
        .chars()
        .allMatch(
            c ->
                (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
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
