package attolytics.roundtrip;

import attolytics.roundtrip.RandomColumn.Source;
import attolytics.schema.ScalarType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * A table with random columns behind {@code n}, the number of the row, and {@code at}, by which it
 * may be partitioned.
 */
final class RandomTable {
  private static final int COLUMNS = 12;

  /** An event, and what its row has to contain: for each column, an expression as text. */
  record Row(long number, String event, Map<RandomColumn, String> expected) {}

  /**
   * What the events of a request have in common.
   *
   * @param headers values by name
   */
  record Request(String clientAddress, Map<String, String> headers) {}

  private final Random random;
  private final String schema;
  private final String name;
  private final boolean partitioned;
  private final boolean deduplicated;
  private final List<RandomColumn> columns = new ArrayList<>();

  RandomTable(Random random, int number) {
    this.random = random;
    this.schema = random.nextBoolean() ? "" : name("S");
    this.name = name("T" + number);
    this.partitioned = random.nextInt(3) == 0;
    this.deduplicated = random.nextBoolean();
    for (int i = 1 + random.nextInt(COLUMNS); i > 0; i--) {
      String id = "c" + number + "_" + i;
      columns.add(new RandomColumn(random, name(id), name("f" + id), !hasRest()));
    }
  }

  private String name(String beginning) {
    return beginning + RandomValue.text(random, 8);
  }

  private boolean hasRest() {
    return columns.stream().anyMatch(column -> column.source() == Source.REST);
  }

  List<RandomColumn> columns() {
    return columns;
  }

  boolean isDeduplicated() {
    return deduplicated;
  }

  String quotedName() {
    return RandomValue.quoted(name);
  }

  /** As in the schema file. */
  String yaml() {
    List<String> all = new ArrayList<>();
    all.add("{name: n, type: i64, required: true}");
    all.add("{name: at, type: timestamp, required: true}");
    columns.forEach(column -> all.add(column.yaml()));
    List<String> keys = new ArrayList<>();
    keys.add("columns: [\n    " + String.join(",\n    ", all) + "]");
    if (!schema.isEmpty()) {
      keys.add("schema: " + RandomValue.quoted(schema));
    }
    if (partitioned) {
      keys.add("partition_by: {column: at, interval: month}");
    }
    if (deduplicated) {
      keys.add("deduplicate_by: [n, at]");
    }
    return "  " + quotedName() + ": {" + String.join(",\n    ", keys) + "}\n";
  }

  /** With its schema. */
  String sqlName() {
    return (schema.isEmpty() ? "" : identifier(schema) + ".") + identifier(name);
  }

  static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  Row row(long number, Request request) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("_t", quotedName());
    fields.put("n", String.valueOf(number));
    fields.put("at", RandomValue.quoted(Instant.EPOCH.plusSeconds(number).toString()));
    Map<String, String> rest = new LinkedHashMap<>();
    for (int i = hasRest() ? random.nextInt(3) : 0; i > 0; i--) {
      rest.put(name("rest"), RandomValue.of(random, ScalarType.JSON).json());
    }
    fields.putAll(rest);
    Map<RandomColumn, String> expected = new LinkedHashMap<>();
    for (RandomColumn column : columns) {
      expected.put(
          column,
          switch (column.source()) {
            case EVENT -> column.sqlText(add(column, fields));
            case HEADER -> {
              String value = request.headers.get(column.header());
              yield column.sqlText(value == null ? column.defaultValue() : RandomValue.text(value));
            }
            case RECEIVED_AT -> "'filled'";
            case CLIENT_IP -> column.sqlTextOfAddress(request.clientAddress);
            case APP_ID -> "'a'";
            case REST -> rest.isEmpty() ? "NULL" : column.sqlText(document(rest));
          });
    }
    return new Row(number, object(shuffled(fields)), expected);
  }

  /** Adds a field for the column, or none; returns what is to be stored. */
  private RandomValue add(RandomColumn column, Map<String, String> fields) {
    int absent = column.needsValue() ? 2 : random.nextInt(6);
    if (absent == 0) {
      return column.defaultValue();
    }
    if (absent == 1) {
      fields.put(column.field(), "null");
      return column.defaultValue();
    }
    RandomValue value = column.value();
    fields.put(column.field(), value.json());
    return value;
  }

  private List<String> shuffled(Map<String, String> fields) {
    List<String> shuffled = members(fields);
    Collections.shuffle(shuffled, random);
    return shuffled;
  }

  private static RandomValue document(Map<String, String> fields) {
    return RandomValue.text(object(members(fields)));
  }

  private static List<String> members(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> RandomValue.quoted(field.getKey()) + ": " + field.getValue())
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static String object(List<String> members) {
    return "{" + String.join(", ", members) + "}";
  }
}
