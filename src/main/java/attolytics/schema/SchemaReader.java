package attolytics.schema;

import attolytics.schema.NodeReader.Entry;
import attolytics.schema.NodeReader.Fields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Makes a schema of a file's YAML. Goes on past a problem, to find them all: what it returns is
 * only good if there were none.
 */
final class SchemaReader {
  /** The field of an event that names its table. */
  private static final String TABLE_FIELD = "_t";

  /** What the service's own tables begin with. */
  private static final String OWN_PREFIX = "attolytics_";

  private static final int MAX_IDENTIFIER_BYTES = 63;
  private static final int MAX_COLUMNS = 1_600;

  /** Every PostgreSQL table has these already. */
  private static final Set<String> SYSTEM_COLUMNS =
      Set.of("cmax", "cmin", "ctid", "tableoid", "xmax", "xmin");

  private static final String BRIN = "brin";

  private static final Pattern LAST_LINE_BREAK = Pattern.compile("\\R\\z");
  private static final String ENVIRONMENT_PREFIX = "env:";

  private final Problems problems;
  private final NodeReader nodes;
  private final Map<String, String> environment;
  private final Consumer<String> checkUrl;

  SchemaReader(Problems problems, Map<String, String> environment, Consumer<String> checkUrl) {
    this.problems = problems;
    this.nodes = new NodeReader(problems);
    this.environment = environment;
    this.checkUrl = checkUrl;
  }

  Schema read(Node root) {
    Map<String, Table> tables = new LinkedHashMap<>();
    Map<String, App> apps = new LinkedHashMap<>();
    Fields fields = nodes.fields(root, "the file", List.of("database_url", "tables", "apps"));
    if (fields == null) {
      return new Schema(List.of(), Map.of(), null);
    }
    String databaseUrl = databaseUrl(fields.get("database_url"));
    Node tablesNode = fields.require("tables");
    if (tablesNode != null) {
      readTables(tablesNode, tables);
    }
    Node appsNode = fields.require("apps");
    if (appsNode != null) {
      readApps(appsNode, tables, apps);
    }
    return new Schema(List.copyOf(tables.values()), apps, databaseUrl);
  }

  private @Nullable String databaseUrl(@Nullable Node node) {
    String url = optionalString(node, "database_url");
    if (node != null && url != null) {
      try {
        checkUrl.accept(url);
      } catch (IllegalArgumentException e) {
        problems.at(node, "database_url: " + e.getMessage());
      }
    }
    return url;
  }

  // Tables

  private void readTables(Node node, Map<String, Table> tables) {
    for (Entry entry : entries(node, "tables")) {
      checkTableName(entry.key());
      String name = entry.key().getValue();
      tables.putIfAbsent(name, table(name, tables.size(), entry.value()));
    }
  }

  private Table table(String name, int ordinal, Node node) {
    String what = "table " + Problems.shown(name);
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

  private void checkTableName(ScalarNode node) {
    ScalarNode name = identifier(node, "a table's name");
    if (name != null && name.getValue().startsWith(OWN_PREFIX)) {
      problems.at(
          name,
          "table %s: names that begin with `%s` are the service's own"
              .formatted(Problems.shown(name.getValue()), OWN_PREFIX));
    }
  }

  /**
   * @param lines of the columns, by name; is added to
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
   * @param lines of the columns so far, by name
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
    String what = name == null ? "a column" : "column " + Problems.shown(name.getValue());
    ColumnType type = columnType(fields.get("type"), what);
    String header = header(fields.get("header"), what, type);
    Index index = index(fields.get("indexed"), what, type);
    boolean required = nodes.flag(fields.get("required"), what + ": required", "true or false");
    return name == null || type == null
        ? null
        : new Column(name.getValue(), type, header, index, required, ordinal);
  }

  private @Nullable ScalarNode columnName(@Nullable Node node, Map<String, Integer> lines) {
    ScalarNode name = node == null ? null : identifier(node, "a column's name");
    if (name == null) {
      return null;
    }
    nodes.refuseRepetition("column", name, lines);
    if (name.getValue().equals(TABLE_FIELD)) {
      problems.at(name, "a column cannot be called `_t`: in an event that names the table");
    }
    if (SYSTEM_COLUMNS.contains(name.getValue())) {
      problems.at(
          name,
          "a column cannot be called %s: PostgreSQL has its own of that name"
              .formatted(Problems.shown(name.getValue())));
    }
    return name;
  }

  private @Nullable ColumnType columnType(@Nullable Node node, String what) {
    if (node == null) {
      return ColumnType.STRING;
    }
    ScalarNode name = nodes.name(node, what + ": type");
    if (name == null) {
      return null;
    }
    ColumnType type = ColumnType.named(name.getValue());
    if (type == null) {
      List<String> known = Stream.of(ColumnType.values()).map(ColumnType::schemaName).toList();
      problems.at(
          name,
          "unknown type "
              + Problems.shown(name.getValue())
              + Spelling.hint(name.getValue(), known));
    }
    return type;
  }

  private @Nullable String header(@Nullable Node node, String what, @Nullable ColumnType type) {
    String header = optionalString(node, what + ": header");
    if (node == null || header == null) {
      return null;
    }
    if (!isHeaderName(header)) {
      problems.at(node, what + ": " + Problems.shown(header) + " is no name of an HTTP header");
    }
    if (type != null && type != ColumnType.STRING) {
      problems.at(
          node,
          "%s takes a header, but is of type %s; only a string column can"
              .formatted(what, type.schemaName()));
    }
    return header;
  }

  private Index index(@Nullable Node node, String what, @Nullable ColumnType type) {
    if (node == null || !NodeReader.isString(node, BRIN)) {
      boolean indexed = nodes.flag(node, what + ": indexed", "true, false or " + BRIN);
      return indexed ? Index.DEFAULT : Index.NONE;
    }
    if (type != null && !type.takesBrin()) {
      problems.at(
          node,
          "%s: indexed is %s, which PostgreSQL does not have for the type %s; write true or false"
              .formatted(what, BRIN, type.schemaName()));
    }
    return Index.BRIN;
  }

  /**
   * The column that says which machine a row goes to.
   *
   * @param columns the table's, without those that something is wrong with
   * @param names of all of them
   */
  private @Nullable Column distributeBy(
      @Nullable Node node, String table, List<Column> columns, Set<String> names) {
    String what = table + ": distribute_by";
    ScalarNode name = node == null ? null : nonEmptyName(node, what);
    if (name == null) {
      return null;
    }
    for (Column column : columns) {
      if (column.name().equals(name.getValue())) {
        checkDistributable(name, what, column);
        return column;
      }
    }
    if (!names.isEmpty() && !names.contains(name.getValue())) { // else that is problem enough
      problems.at(
          name,
          "%s: undefined column %s%s"
              .formatted(
                  what, Problems.shown(name.getValue()), Spelling.hint(name.getValue(), names)));
    }
    return null;
  }

  private void checkDistributable(Node node, String what, Column column) {
    if (column.type() == ColumnType.JSON) {
      problems.at(
          node,
          "%s: column %s is of type json, by which rows cannot be distributed"
              .formatted(what, Problems.shown(column.name())));
    }
    if (!column.required()) {
      problems.at(
          node,
          "%s: column %s has to be `required: true`, as a row without a value belongs nowhere"
              .formatted(what, Problems.shown(column.name())));
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

  // Apps

  private void readApps(Node node, Map<String, Table> tables, Map<String, App> apps) {
    for (Entry entry : entries(node, "apps")) {
      nonEmptyName(entry.key(), "an app's id");
      String id = entry.key().getValue();
      App app = app(id, entry.value(), tables);
      if (app != null) {
        apps.putIfAbsent(id, app);
      }
    }
  }

  private @Nullable App app(String id, Node node, Map<String, Table> tables) {
    String what = "app " + Problems.shown(id);
    Fields fields =
        nodes.fields(
            node,
            what,
            List.of("secret_key", "access_control_allow_origin", "validation", "tables"));
    if (fields == null) {
      return null;
    }
    List<String> secretKeys = secretKeys(fields.require("secret_key"), what + ": secret_key");
    String origin = origin(fields.get("access_control_allow_origin"));
    Validation validation = validation(fields.get("validation"));
    List<Table> ownTables = appTables(fields.require("tables"), what, tables);
    return new App(id, secretKeys, origin, validation, ownTables);
  }

  private List<String> secretKeys(@Nullable Node node, String what) {
    if (node == null) {
      return List.of();
    }
    if (!(node instanceof SequenceNode list)) {
      return Stream.ofNullable(secretKey(node, what)).toList();
    }
    if (list.getValue().isEmpty()) {
      problems.at(node, what + " is an empty list, so that no key would open the app");
    }
    List<String> keys = new ArrayList<>();
    for (Node item : list.getValue()) {
      String key = secretKey(item, what);
      if (key != null) {
        keys.add(key);
      }
    }
    return keys;
  }

  private @Nullable String secretKey(Node node, String what) {
    String key = nonEmptyString(node, what);
    return key != null && key.startsWith(ENVIRONMENT_PREFIX)
        ? fromEnvironment(node, key.substring(ENVIRONMENT_PREFIX.length()), what)
        : key;
  }

  /** Without the line break that a file or a shell has put at its end. */
  private @Nullable String fromEnvironment(Node node, String variable, String what) {
    String value = environment.get(variable);
    String key = value == null ? null : LAST_LINE_BREAK.matcher(value).replaceFirst("");
    if (key == null || key.isEmpty()) {
      problems.at(
          node,
          "%s: the environment variable %s is %s"
              .formatted(what, Problems.shown(variable), key == null ? "not set" : "empty"));
    }
    return key;
  }

  private String origin(@Nullable Node node) {
    String key = "access_control_allow_origin";
    String origin = node == null ? App.ANY_ORIGIN : nonEmptyString(node, key);
    if (node == null || origin == null || origin.equals(App.ANY_ORIGIN) || origin.equals("null")) {
      return origin == null ? App.ANY_ORIGIN : origin;
    }
    String sent = Origins.asSentByBrowsers(origin);
    if (sent == null) {
      problems.at(
          node,
          "%s has to be `*` or like `https://example.com`, without a path, but is %s"
              .formatted(key, Problems.shown(origin)));
      return origin;
    }
    return sent;
  }

  private Validation validation(@Nullable Node node) {
    String text = node == null ? null : nodes.string(node, "validation");
    if (node == null || text == null || text.equals("strict")) {
      return Validation.STRICT;
    }
    if (!text.equals("lenient")) {
      problems.at(
          node,
          "unknown validation "
              + Problems.shown(text)
              + Spelling.hint(text, List.of("strict", "lenient")));
    }
    return Validation.LENIENT;
  }

  private List<Table> appTables(@Nullable Node node, String app, Map<String, Table> tables) {
    List<Node> items = node == null ? null : nodes.items(node, app + ": tables");
    if (node == null || items == null) {
      return List.of();
    }
    if (items.isEmpty()) {
      problems.at(node, app + " has no tables");
    }
    List<Table> own = new ArrayList<>();
    Map<String, Integer> lines = new HashMap<>();
    for (Node item : items) {
      ScalarNode name = nonEmptyName(item, "a table's name");
      if (name != null) {
        nodes.refuseRepetition("table", name, lines);
        Table table = declared(name, tables);
        if (table != null) {
          own.add(table);
        }
      }
    }
    return own;
  }

  /** Where no table could be read at all, that is problem enough. */
  private @Nullable Table declared(ScalarNode name, Map<String, Table> tables) {
    Table table = tables.get(name.getValue());
    if (table == null && !tables.isEmpty()) {
      problems.at(
          name,
          "undefined table "
              + Problems.shown(name.getValue())
              + Spelling.hint(name.getValue(), tables.keySet()));
    }
    return table;
  }

  // Names and strings

  private List<Entry> entries(Node node, String what) {
    List<Entry> entries = nodes.entries(node, what);
    if (entries != null && entries.isEmpty()) {
      problems.at(node, what + " is empty, expected at least one");
    }
    return entries == null ? List.of() : entries;
  }

  /** The name of a table or a column. */
  private @Nullable ScalarNode identifier(Node node, String what) {
    ScalarNode name = nonEmptyName(node, what);
    int bytes = name == null ? 0 : name.getValue().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_IDENTIFIER_BYTES) {
      problems.at(
          node,
          "%s is of %d bytes in UTF-8, PostgreSQL takes %d at most"
              .formatted(what, bytes, MAX_IDENTIFIER_BYTES));
    }
    return name;
  }

  private @Nullable ScalarNode nonEmptyName(Node node, String what) {
    ScalarNode name = nodes.name(node, what);
    return name != null && isStorable(node, name.getValue(), what) ? name : null;
  }

  private @Nullable String nonEmptyString(Node node, String what) {
    String text = nodes.string(node, what);
    return text != null && isStorable(node, text, what) ? text : null;
  }

  /** A key without a value counts as left out, as if the value were commented out. */
  private @Nullable String optionalString(@Nullable Node node, String what) {
    return node == null || NodeReader.isNull(node) ? null : nonEmptyString(node, what);
  }

  private boolean isStorable(Node node, String text, String what) {
    if (text.isEmpty()) {
      problems.at(node, what + " is empty");
    } else if (text.indexOf('\0') >= 0) {
      problems.at(node, what + " contains U+0000, which PostgreSQL cannot hold");
    } else if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      problems.at(node, what + " contains half of a surrogate pair, which is no character");
    } else {
      return true;
    }
    return false;
  }
}
