package attolytics.schema.yaml;

import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.DefaultValue;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Source;
import attolytics.schema.yaml.NodeReader.Fields;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads the columns of one table. Continues after a problem, to report all of them at once. */
final class ColumnReader {
  /** The field of an event that names its table. */
  private static final String TABLE_FIELD = "_t";

  /** The system columns of every PostgreSQL table. */
  private static final Set<String> SYSTEM_COLUMNS =
      Set.of("cmax", "cmin", "ctid", "tableoid", "xmax", "xmin");

  private static final String BRIN = "brin";

  /** Names of types elsewhere, which are likely to be tried. */
  private static final Map<String, String> OTHER_NAMES =
      Map.of(
          "int", "i32",
          "integer", "i32",
          "bigint", "i64",
          "float", "f32",
          "double", "f64",
          "text", "string",
          "varchar", "string",
          "boolean", "bool",
          "decimal", "numeric",
          "jsonb", "json");

  private final Problems problems;
  private final NodeReader nodes;
  private final RestrictionReader restrictions;
  private final String table;
  private final Map<String, Integer> lines = new HashMap<>();
  private final Map<String, Integer> fieldLines = new HashMap<>();
  private boolean restSeen;

  /**
   * @param table the subject of problems
   */
  ColumnReader(Problems problems, NodeReader nodes, String table) {
    this.problems = problems;
    this.nodes = nodes;
    this.restrictions = new RestrictionReader(problems, nodes);
    this.table = table;
  }

  /** The names of all columns so far, with problems or without. */
  Set<String> names() {
    return lines.keySet();
  }

  /** Reads a column; returns null if it has no valid name or type. */
  @Nullable Column read(Node node, int ordinal) {
    Fields keys =
        nodes.fields(
            node,
            "a column of " + table,
            List.of(
                "name",
                "type",
                "field",
                "header",
                "source",
                "default",
                "values",
                "max_length",
                "unit",
                "rest",
                "indexed",
                "required"));
    if (keys == null) {
      return null;
    }
    ScalarNode name = name(keys.require("name"), keys.get("field") != null);
    String what = name == null ? "a column" : "column " + Problems.quoted(name.getValue());
    ColumnType type = type(keys.get("type"), what);
    String header = header(keys.get("header"), what, type);
    Source source = source(keys.get("source"), what, type);
    boolean required = nodes.flag(keys.get("required"), what + ": required", "true or false");
    boolean rest = rest(keys, what, type, required);
    String field = field(keys.get("field"), what, name, rest);
    refuseTogether(keys, what, List.of("header", "source", "rest"));
    for (String key : List.of("default", "values", "max_length")) {
      refuseTogether(keys, what, List.of("source", key));
      refuseTogether(keys, what, List.of("rest", key));
    }
    refuseTogether(keys, what, List.of("header", "values"));
    refuseTogether(keys, what, List.of("header", "max_length"));
    ColumnType restricted = type == null ? null : restrictions.read(keys, what, type);
    DefaultValue defaultValue = null;
    Node defaultNode = keys.get("default");
    if (defaultNode != null && restricted != null) {
      defaultValue = restrictions.defaultValue(defaultNode, what, restricted);
    }
    Index index = index(keys.get("indexed"), what, type);
    return name == null || restricted == null
        ? null
        : new Column(
            name.getValue(),
            restricted,
            field,
            header,
            source,
            defaultValue,
            rest,
            index,
            required,
            ordinal);
  }

  private @Nullable ScalarNode name(@Nullable Node node, boolean hasField) {
    ScalarNode name = node == null ? null : nodes.identifier(node, "a column's name");
    if (name == null) {
      return null;
    }
    nodes.checkUnique("column", name, lines);
    if (name.getValue().equals(TABLE_FIELD) && !hasField) {
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

  /** The name of the event's field; by default that of the column. */
  private String field(
      @Nullable Node node, String what, @Nullable ScalarNode columnName, boolean rest) {
    ScalarNode name = node == null ? columnName : nodes.nonEmptyName(node, what + ": field");
    if (name == null || rest) {
      if (node != null && rest) {
        problems.at(node, what + ": rest: true cannot have a field");
      }
      return "";
    }
    String field = name.getValue();
    if (node != null && field.equals(TABLE_FIELD)) {
      problems.at(node, what + ": field cannot be `_t`, which names the table of an event");
    }
    if (node != null || !fieldLines.containsKey(field) || lines.size() > fieldLines.size()) {
      nodes.checkUnique("field", name, fieldLines);
    }
    return field;
  }

  private @Nullable ColumnType type(@Nullable Node node, String what) {
    if (node == null) {
      return ScalarType.STRING;
    }
    ScalarNode name = nodes.name(node, what + ": type");
    if (name == null) {
      return null;
    }
    String text = name.getValue();
    ColumnType type = ColumnType.named(text);
    if (type == null) {
      String other = OTHER_NAMES.get(text);
      List<String> known = text.endsWith("[]") ? ColumnType.arrayNames() : ColumnType.scalarNames();
      problems.at(
          name,
          "unknown type "
              + Problems.quoted(text)
              + (other == null
                  ? Spelling.suggestion(text, known)
                  : "; did you mean `" + other + "`?"));
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

  private @Nullable Source source(@Nullable Node node, String what, @Nullable ColumnType type) {
    String name = node == null ? null : nodes.string(node, what + ": source");
    if (node == null || name == null) {
      return null;
    }
    Source source = Source.named(name);
    if (source == null) {
      problems.at(
          node,
          what
              + ": unknown source "
              + Problems.quoted(name)
              + Spelling.suggestion(name, Source.names()));
    } else if (type != null && source.types().stream().noneMatch(type::is)) {
      problems.at(
          node,
          "%s: source %s requires the type %s, but the type is %s"
              .formatted(
                  what,
                  source,
                  String.join(" or ", source.types().stream().map(ScalarType::schemaName).toList()),
                  type.schemaName()));
    }
    return source;
  }

  private boolean rest(Fields keys, String what, @Nullable ColumnType type, boolean required) {
    Node node = keys.get("rest");
    if (node == null || !nodes.flag(node, what + ": rest", "true or false")) {
      return false;
    }
    if (type != null && !type.is(ScalarType.JSON)) {
      problems.at(
          node,
          "%s: rest requires the type json, but the type is %s".formatted(what, type.schemaName()));
    }
    if (required) {
      problems.at(
          node, what + ": a rest column cannot be required; an event may have no more fields");
    }
    if (restSeen) {
      problems.at(node, what + ": a table can have only one rest column");
    }
    restSeen = true;
    return true;
  }

  private void refuseTogether(Fields keys, String what, List<String> exclusive) {
    List<String> given = exclusive.stream().filter(key -> keys.get(key) != null).toList();
    if (given.size() > 1) {
      Node last = keys.require(given.get(given.size() - 1));
      if (last != null) {
        problems.at(
            last, "%s cannot have both `%s` and `%s`".formatted(what, given.get(0), given.get(1)));
      }
    }
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
}
