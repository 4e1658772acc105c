package attolytics.schema.yaml;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads YAML nodes as maps, lists and scalars. A node of another kind is a problem, and the result
 * is null. Problems quote keys and names but no other value, which may be a secret.
 */
final class NodeReader {
  private static final int MAX_IDENTIFIER_BYTES = 63;
  private static final String STRING = "a string";
  private static final String TAGGED = "a tagged value";
  private static final String IS_NULL = " is null; put it in quotes if it is a name";

  private static final Map<Tag, String> SCALAR_KINDS =
      Map.of(
          Tag.STR, STRING,
          Tag.ENV_TAG, STRING,
          Tag.INT, "a number",
          Tag.FLOAT, "a number",
          Tag.BOOL, "a boolean",
          Tag.NULL, "empty");

  /** An entry of a map. */
  record Entry(ScalarNode key, Node value) {}

  /** The values of a map with known keys, in the order of the file. */
  final class Fields {
    private final Node map;
    private final String what;
    private final Map<String, Node> values = new LinkedHashMap<>();

    private Fields(Node map, String what) {
      this.map = map;
      this.what = what;
    }

    @Nullable Node get(String key) {
      return values.get(key);
    }

    /** The value; its absence is a problem. */
    @Nullable Node require(String key) {
      Node value = values.get(key);
      if (value == null) {
        problems.at(map, what + " lacks the key `" + key + "`");
      }
      return value;
    }
  }

  private final Problems problems;

  NodeReader(Problems problems) {
    this.problems = problems;
  }

  /**
   * @param what the subject of problems
   */
  @Nullable Fields fields(Node node, String what, List<String> knownKeys) {
    List<Entry> entries = entries(node, what);
    if (entries == null) {
      return null;
    }
    Fields fields = new Fields(node, what);
    for (Entry entry : entries) {
      String key = entry.key.getValue();
      if (knownKeys.contains(key)) {
        fields.values.putIfAbsent(key, entry.value);
      } else {
        problems.at(
            entry.key, "unknown key " + Problems.quoted(key) + Spelling.suggestion(key, knownKeys));
      }
    }
    return fields;
  }

  /** The entries of a map. A repeated key is a problem; its entries are included. */
  @Nullable List<Entry> entries(Node node, String what) {
    if (!(node instanceof MappingNode map)) {
      problems.at(node, what + " must be a map (`key: value`), but is " + kind(node));
      return null;
    }
    List<Entry> entries = new ArrayList<>();
    Map<String, Integer> lines = new HashMap<>();
    for (NodeTuple tuple : map.getValue()) {
      Node keyNode = tuple.getKeyNode();
      if (!(keyNode instanceof ScalarNode key)) {
        problems.at(keyNode, "a key must be a name, but is " + kind(keyNode));
      } else {
        entries.add(new Entry(key, tuple.getValueNode()));
        checkUnique("key", key, lines);
      }
    }
    return entries;
  }

  /** The entries of a map that must not be empty. */
  List<Entry> nonEmptyEntries(Node node, String what) {
    List<Entry> entries = entries(node, what);
    if (entries != null && entries.isEmpty()) {
      problems.at(node, what + " is empty, expected at least one");
    }
    return entries == null ? List.of() : entries;
  }

  /**
   * Reports a name that occurs twice.
   *
   * @param lines the line of each name so far; the name is added
   */
  void checkUnique(String what, ScalarNode name, Map<String, Integer> lines) {
    int line = name.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    Integer first = lines.putIfAbsent(name.getValue(), line);
    if (first != null) {
      problems.at(
          name,
          "%s %s is already defined on line %d"
              .formatted(what, Problems.quoted(name.getValue()), first));
    }
  }

  @Nullable List<Node> items(Node node, String what) {
    if (node instanceof SequenceNode list) {
      return list.getValue();
    }
    problems.at(node, what + " must be a list (`- item` or `[item]`), but is " + kind(node));
    return null;
  }

  /** A name: any scalar but null, including {@code 2024} and {@code true}. */
  @Nullable ScalarNode name(Node node, String what) {
    if (!(node instanceof ScalarNode name)) {
      problems.at(node, what + " must be a name, but is " + kind(node));
      return null;
    }
    if (isNull(name) && !name.getValue().isEmpty()) {
      problems.at(node, what + IS_NULL);
      return null;
    }
    return refuseTag(name) ? null : name;
  }

  /**
   * A string: the text of any scalar but null, even if it is a number or boolean in YAML.
   * Attolytics did the same, and some secret keys consist of digits.
   */
  @Nullable String string(Node node, String what) {
    if (!(node instanceof ScalarNode scalar)) {
      problems.at(node, what + " must be a string, but is " + kind(node));
      return null;
    }
    if (isNull(node)) {
      problems.at(node, what + (scalar.getValue().isEmpty() ? " is empty" : IS_NULL));
      return null;
    }
    return refuseTag(scalar) ? null : scalar.getValue();
  }

  /** The name of a table or a column. */
  @Nullable ScalarNode identifier(Node node, String what) {
    ScalarNode name = nonEmptyName(node, what);
    int bytes = name == null ? 0 : name.getValue().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_IDENTIFIER_BYTES) {
      problems.at(
          node,
          "%s has %d bytes in UTF-8; the maximum of PostgreSQL is %d"
              .formatted(what, bytes, MAX_IDENTIFIER_BYTES));
    }
    return name;
  }

  @Nullable ScalarNode nonEmptyName(Node node, String what) {
    ScalarNode name = name(node, what);
    return name != null && isStorable(node, name.getValue(), what) ? name : null;
  }

  @Nullable String nonEmptyString(Node node, String what) {
    String text = string(node, what);
    return text != null && isStorable(node, text, what) ? text : null;
  }

  /** A key without a value counts as absent, as the value may be commented out. */
  @Nullable String optionalString(@Nullable Node node, String what) {
    return node == null || isNull(node) ? null : nonEmptyString(node, what);
  }

  private boolean isStorable(Node node, String text, String what) {
    if (text.isEmpty()) {
      problems.at(node, what + " is empty");
    } else if (text.indexOf('\0') >= 0) {
      problems.at(node, what + " contains U+0000, which PostgreSQL cannot store");
    } else if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      problems.at(node, what + " contains an unpaired surrogate");
    } else {
      return true;
    }
    return false;
  }

  /**
   * A boolean; false if the node is absent.
   *
   * @param expected the allowed values, for the problem
   */
  boolean flag(@Nullable Node node, String what, String expected) {
    if (node == null) {
      return false;
    }
    String text = node instanceof ScalarNode scalar ? scalar.getValue() : "";
    if (node.getTag().equals(Tag.BOOL)) {
      return text.equalsIgnoreCase("true");
    }
    String advice =
        switch (text) {
          case "true", "false" -> "write " + text + " without quotes";
          case "yes", "Yes", "YES", "y", "Y", "on", "On", "ON", "1" -> "write true";
          case "no", "No", "NO", "n", "N", "off", "Off", "OFF", "0" -> "write false";
          default -> "expected " + expected;
        };
    problems.at(node, what + " is " + kind(node) + "; " + advice);
    return false;
  }

  /** Whether the node is a string with that text. */
  static boolean isString(Node node, String text) {
    return node instanceof ScalarNode scalar
        && node.getTag().equals(Tag.STR)
        && scalar.getValue().equals(text);
  }

  static boolean isNull(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  /** YAML would drop the first word of {@code !x y}. */
  private boolean refuseTag(ScalarNode node) {
    boolean refused = kind(node).equals(TAGGED);
    if (refused) {
      problems.at(node, "a value that begins with an exclamation mark must be quoted");
    }
    return refused;
  }

  private static String kind(Node node) {
    if (node instanceof MappingNode) {
      return "a map";
    }
    if (node instanceof SequenceNode) {
      return "a list";
    }
    return SCALAR_KINDS.getOrDefault(node.getTag(), TAGGED);
  }
}
