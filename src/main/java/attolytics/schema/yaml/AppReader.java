package attolytics.schema.yaml;

import attolytics.schema.App;
import attolytics.schema.InvalidEvents;
import attolytics.schema.Origins;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import attolytics.schema.yaml.NodeReader.Entry;
import attolytics.schema.yaml.NodeReader.Fields;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads an app. Continues after a problem, to report all of them at once. */
final class AppReader {
  private static final String ORIGIN = "access_control_allow_origin";
  private static final String ENVIRONMENT_PREFIX = "env:";
  private static final Pattern LAST_LINE_BREAK = Pattern.compile("\\R\\z");

  private final Problems problems;
  private final NodeReader nodes;
  private final Map<String, String> environment;

  /**
   * @param environment variables, for secret keys of the form {@code env:NAME}
   */
  AppReader(Problems problems, NodeReader nodes, Map<String, String> environment) {
    this.problems = problems;
    this.nodes = nodes;
    this.environment = environment;
  }

  /**
   * Reads an app.
   *
   * @param tables of the file, by name
   * @return null if the node is not a map
   */
  @Nullable App read(Entry entry, Map<String, Table> tables) {
    nodes.nonEmptyName(entry.key(), "an app's id");
    return app(entry.key().getValue(), entry.value(), tables);
  }

  private @Nullable App app(String id, Node node, Map<String, Table> tables) {
    String what = "app " + Problems.quoted(id);
    Fields fields =
        nodes.fields(
            node, what, List.of("secret_key", ORIGIN, "validation", "invalid_events", "tables"));
    if (fields == null) {
      return null;
    }
    List<String> secretKeys = secretKeys(fields.require("secret_key"), what + ": secret_key");
    Set<String> origins = origins(fields.get(ORIGIN));
    Validation validation = oneOf(fields.get("validation"), "validation", Validation.values());
    InvalidEvents invalidEvents =
        oneOf(fields.get("invalid_events"), "invalid_events", InvalidEvents.values());
    List<Table> ownTables = appTables(fields.require("tables"), what, tables);
    return new App(id, secretKeys, origins, validation, invalidEvents, ownTables);
  }

  private List<String> secretKeys(@Nullable Node node, String what) {
    if (node == null) {
      return List.of();
    }
    if (!(node instanceof SequenceNode list)) {
      return Stream.ofNullable(secretKey(node, what)).toList();
    }
    if (list.getValue().isEmpty()) {
      problems.at(node, what + " is an empty list; it needs at least one key");
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
    String key = nodes.nonEmptyString(node, what);
    return key != null && key.startsWith(ENVIRONMENT_PREFIX)
        ? fromEnvironment(node, key.substring(ENVIRONMENT_PREFIX.length()), what)
        : key;
  }

  /** Drops a line break at the end of the value. */
  private @Nullable String fromEnvironment(Node node, String variable, String what) {
    String value = environment.get(variable);
    String key = value == null ? null : LAST_LINE_BREAK.matcher(value).replaceFirst("");
    if (key == null || key.isEmpty()) {
      problems.at(
          node,
          "%s: the environment variable %s is %s"
              .formatted(what, Problems.quoted(variable), key == null ? "not set" : "empty"));
    }
    return key;
  }

  private Set<String> origins(@Nullable Node node) {
    if (node == null) {
      return Set.of(App.ANY_ORIGIN);
    }
    if (!(node instanceof SequenceNode list)) {
      return Set.of(origin(node));
    }
    Set<String> origins = new LinkedHashSet<>();
    for (Node item : list.getValue()) {
      origins.add(origin(item));
    }
    if (origins.isEmpty()) {
      problems.at(node, ORIGIN + " is an empty list; remove the key to allow any origin");
    } else if (origins.size() > 1 && origins.contains(App.ANY_ORIGIN)) {
      problems.at(node, ORIGIN + ": `*` allows any origin and cannot be combined with others");
    }
    return origins;
  }

  private String origin(Node node) {
    String origin = nodes.nonEmptyString(node, ORIGIN);
    if (origin == null || origin.equals(App.ANY_ORIGIN) || origin.equals("null")) {
      return origin == null ? "null" : origin;
    }
    String sent = Origins.asSentByBrowsers(origin);
    if (sent == null) {
      problems.at(
          node,
          "%s must be `*` or like `https://example.com`, without a path, but is %s"
              .formatted(ORIGIN, Problems.quoted(origin)));
      return origin;
    }
    return sent;
  }

  /** The constant of that name, in lower case; the first one if the key is absent. */
  private <T extends Enum<T>> T oneOf(@Nullable Node node, String key, T[] constants) {
    String text = node == null ? null : nodes.string(node, key);
    if (node == null || text == null) {
      return constants[0];
    }
    List<String> names = new ArrayList<>();
    for (T constant : constants) {
      String name = constant.name().toLowerCase(Locale.ROOT);
      if (name.equals(text)) {
        return constant;
      }
      names.add(name);
    }
    problems.at(
        node, "unknown " + key + " " + Problems.quoted(text) + Spelling.suggestion(text, names));
    return constants[0];
  }

  private List<Table> appTables(@Nullable Node node, String app, Map<String, Table> tables) {
    List<Node> items = node == null ? null : nodes.items(node, app + ": tables");
    if (node == null || items == null) {
      return List.of();
    }
    List<Table> own = new ArrayList<>();
    Map<String, Integer> lines = new HashMap<>();
    for (Node item : items) {
      ScalarNode name = nodes.nonEmptyName(item, "a table's name");
      if (name != null) {
        nodes.checkUnique("table", name, lines);
        Table table = declared(name, tables);
        if (table != null) {
          own.add(table);
        }
      }
    }
    return own;
  }

  /** If no table could be read at all, that has been reported. */
  private @Nullable Table declared(ScalarNode name, Map<String, Table> tables) {
    Table table = tables.get(name.getValue());
    if (table == null && !tables.isEmpty()) {
      problems.at(
          name,
          "undefined table "
              + Problems.quoted(name.getValue())
              + Spelling.suggestion(name.getValue(), tables.keySet()));
    }
    return table;
  }
}
