package attolytics.schema.yaml;

import attolytics.schema.ArrayType;
import attolytics.schema.ColumnType;
import attolytics.schema.DefaultValue;
import attolytics.schema.EpochUnit;
import attolytics.schema.ScalarType;
import attolytics.schema.StringType;
import attolytics.schema.TimestampType;
import attolytics.schema.yaml.NodeReader.Fields;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads the keys that restrict a column's type, and {@code default}. */
final class RestrictionReader {
  /** The maximum of PostgreSQL for VARCHAR(n). */
  private static final int MAX_LENGTH = 10_485_760;

  private final Problems problems;
  private final NodeReader nodes;

  RestrictionReader(Problems problems, NodeReader nodes) {
    this.problems = problems;
    this.nodes = nodes;
  }

  /** The type with the restrictions of {@code values}, {@code max_length} and {@code unit}. */
  ColumnType read(Fields keys, String what, ColumnType type) {
    boolean isString = onlyFor(ScalarType.STRING, keys.get("values"), what + ": values", type);
    isString &= onlyFor(ScalarType.STRING, keys.get("max_length"), what + ": max_length", type);
    boolean isTime = onlyFor(ScalarType.TIMESTAMP, keys.get("unit"), what + ": unit", type);
    int maxLength = maxLength(keys.get("max_length"), what);
    List<String> values = values(keys.get("values"), what, maxLength);
    EpochUnit unit = unit(keys.get("unit"), what);
    if (isString && (maxLength > 0 || !values.isEmpty())) {
      return new StringType(maxLength, values);
    }
    return isTime && unit != null ? new TimestampType(unit) : type;
  }

  private boolean onlyFor(ScalarType required, @Nullable Node node, String what, ColumnType type) {
    if (node != null && !type.is(required)) {
      problems.at(
          node,
          "%s requires the type %s, but the type is %s"
              .formatted(what, required.schemaName(), type.schemaName()));
      return false;
    }
    return true;
  }

  private int maxLength(@Nullable Node node, String what) {
    if (node == null) {
      return 0;
    }
    String text = node instanceof ScalarNode scalar ? scalar.getValue() : "";
    boolean isNumber = node.getTag().equals(Tag.INT) && text.matches("[1-9][0-9]{0,7}");
    int length = isNumber ? Integer.parseInt(text) : 0;
    if (length == 0 || length > MAX_LENGTH) {
      problems.at(node, what + ": max_length must be an integer from 1 to " + MAX_LENGTH);
      return 0;
    }
    return length;
  }

  private List<String> values(@Nullable Node node, String what, int maxLength) {
    List<Node> items = node == null ? null : nodes.items(node, what + ": values");
    if (node == null || items == null) {
      return List.of();
    }
    if (items.isEmpty()) {
      problems.at(node, what + ": values is empty, expected at least one");
    }
    List<String> values = new ArrayList<>();
    Map<String, Integer> lines = new HashMap<>();
    for (Node item : items) {
      String value = nodes.string(item, "a value of " + what);
      if (value == null) {
        continue;
      }
      nodes.checkUnique("value", (ScalarNode) item, lines);
      if (maxLength > 0 && value.codePointCount(0, value.length()) > maxLength) {
        problems.at(item, "a value of " + what + " is longer than max_length, " + maxLength);
      }
      if (!values.contains(value)) {
        values.add(value);
      }
    }
    return values;
  }

  private @Nullable EpochUnit unit(@Nullable Node node, String what) {
    String name = node == null ? null : nodes.string(node, what + ": unit");
    EpochUnit unit = name == null ? null : EpochUnit.named(name);
    if (node != null && name != null && unit == null) {
      problems.at(
          node,
          "%s: unknown unit %s, expected one of %s"
              .formatted(
                  what,
                  Problems.quoted(name),
                  EpochUnit.names().stream()
                      .map(Problems::quoted)
                      .collect(Collectors.joining(", "))));
    }
    return unit;
  }

  /** The value of {@code default}, or null if it is invalid. */
  @Nullable DefaultValue defaultValue(Node node, String what, ColumnType type) {
    if (type.is(ScalarType.JSON)) {
      problems.at(node, what + ": a json column cannot have a default");
      return null;
    }
    String json = json(node, type);
    if (json == null) {
      problems.at(node, what + ": default must be " + type.accepts());
      return null;
    }
    try {
      return DefaultValue.of(type, json);
    } catch (IllegalArgumentException e) {
      problems.at(node, what + ": default " + e.getMessage());
      return null;
    }
  }

  /** The node as it would be written in an event, or null if it cannot be. */
  private static @Nullable String json(Node node, ColumnType type) {
    if (type instanceof ArrayType array && node instanceof SequenceNode list) {
      List<String> elements = new ArrayList<>();
      for (Node item : list.getValue()) {
        String element = NodeReader.isNull(item) ? "null" : json(item, array.element());
        if (element == null) {
          return null;
        }
        elements.add(element);
      }
      return "[" + String.join(",", elements) + "]";
    }
    if (!(node instanceof ScalarNode scalar) || NodeReader.isNull(node)) {
      return null;
    }
    String text = scalar.getValue();
    if (type.is(ScalarType.STRING) || node.getTag().equals(Tag.STR)) {
      return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
    return node.getTag().equals(Tag.BOOL) ? text.toLowerCase(Locale.ROOT) : text;
  }
}
