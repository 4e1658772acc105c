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
 * Takes YAML nodes for what they should be. Where one is something else, that is a problem, and the
 * answer is null. A problem's text quotes keys and names but no other value: it may be a secret.
 */
final class NodeReader {
  private static final int MAX_IDENTIFIER_BYTES = 63;
  private static final String STRING = "a string";
  private static final String TAGGED = "a tagged value";
  private static final String IS_NULL = " is null; put it in quotes if that is meant";

  private static final Map<Tag, String> SCALAR_KINDS =
      Map.of(
          Tag.STR, STRING,
          Tag.ENV_TAG, STRING,
          Tag.INT, "a number",
          Tag.FLOAT, "a number",
          Tag.BOOL, "a boolean",
          Tag.NULL, "empty");

  /** A key of a map and its value. */
  record Entry(ScalarNode key, Node value) {}

  /** The values of a map whose keys are known, in the order of the file. */
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

    /** The value, whose absence is a problem. */
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
   * @param what the map's place, to begin a sentence with
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
            entry.key, "unknown key " + Problems.shown(key) + Spelling.hint(key, knownKeys));
      }
    }
    return fields;
  }

  /** The entries of a map, those of a repeated key (which is a problem) too. */
  @Nullable List<Entry> entries(Node node, String what) {
    if (!(node instanceof MappingNode map)) {
      problems.at(node, what + " has to be a map (`key: value`), but is " + kind(node));
      return null;
    }
    List<Entry> entries = new ArrayList<>();
    Map<String, Integer> lines = new HashMap<>();
    for (NodeTuple tuple : map.getValue()) {
      Node keyNode = tuple.getKeyNode();
      if (!(keyNode instanceof ScalarNode key)) {
        problems.at(keyNode, "a key has to be a name, but is " + kind(keyNode));
      } else {
        entries.add(new Entry(key, tuple.getValueNode()));
        refuseRepetition("key", key, lines);
      }
    }
    return entries;
  }

  /** The entries of a map that has to have some. */
  List<Entry> nonEmptyEntries(Node node, String what) {
    List<Entry> entries = entries(node, what);
    if (entries != null && entries.isEmpty()) {
      problems.at(node, what + " is empty, expected at least one");
    }
    return entries == null ? List.of() : entries;
  }

  /**
   * @param lines where each name was seen first; is added to
   */
  void refuseRepetition(String what, ScalarNode name, Map<String, Integer> lines) {
    int line = name.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    Integer first = lines.putIfAbsent(name.getValue(), line);
    if (first != null) {
      problems.at(
          name,
          "%s %s is a duplicate, the first is on line %d"
              .formatted(what, Problems.shown(name.getValue()), first));
    }
  }

  @Nullable List<Node> items(Node node, String what) {
    if (node instanceof SequenceNode list) {
      return list.getValue();
    }
    problems.at(node, what + " has to be a list (`- item` or `[item]`), but is " + kind(node));
    return null;
  }

  /** A scalar that is a name whatever it looks like, {@code 2024} and {@code true} too. */
  @Nullable ScalarNode name(Node node, String what) {
    if (!(node instanceof ScalarNode name)) {
      problems.at(node, what + " has to be a name, but is " + kind(node));
      return null;
    }
    if (isNull(name) && !name.getValue().isEmpty()) {
      problems.at(node, what + IS_NULL);
      return null;
    }
    return refuseTag(name) ? null : name;
  }

  /**
   * A string: what is written, even where YAML takes it for a number or a boolean. Attolytics did
   * the same, and there are secret keys of digits only.
   */
  @Nullable String string(Node node, String what) {
    if (!(node instanceof ScalarNode scalar)) {
      problems.at(node, what + " has to be a string, but is " + kind(node));
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
          "%s is of %d bytes in UTF-8, PostgreSQL takes %d at most"
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

  /** A key without a value counts as left out, as if the value were commented out. */
  @Nullable String optionalString(@Nullable Node node, String what) {
    return node == null || isNull(node) ? null : nonEmptyString(node, what);
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

  /**
   * A boolean; false, too, if there is no node.
   *
   * @param expected what may be written there, to end a sentence with
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

  /** Whether it is that text, in quotes or not. */
  static boolean isString(Node node, String text) {
    return node instanceof ScalarNode scalar
        && node.getTag().equals(Tag.STR)
        && scalar.getValue().equals(text);
  }

  static boolean isNull(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  /** {@code !x y} would silently lose its first word. */
  private boolean refuseTag(ScalarNode node) {
    boolean refused = kind(node).equals(TAGGED);
    if (refused) {
      problems.at(node, "a value that begins with an exclamation mark has to be put in quotes");
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
