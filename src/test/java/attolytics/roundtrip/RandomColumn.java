package attolytics.roundtrip;

import attolytics.schema.EpochUnit;
import attolytics.schema.ScalarType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A column of a random type, with some of the keys that go with it. */
final class RandomColumn {
  /** Where the value comes from. */
  enum Source {
    EVENT,
    HEADER,
    RECEIVED_AT,
    CLIENT_IP,
    APP_ID,
    REST
  }

  private static final List<String> VALUES = List.of("a", "B c", "\"'\\", "😀", "");

  private final Random random;
  private final String name;
  private final String field;
  private final ScalarType type;
  private final boolean array;
  private final Source source;
  private final boolean required;
  private final List<String> keys = new ArrayList<>();
  private EpochUnit unit = EpochUnit.S;
  private List<String> values = List.of();
  private int maxLength;
  private RandomValue defaultValue = RandomValue.NULL;

  /**
   * @param otherField for the key {@code field}
   * @param mayBeRest whether no other column of the table is filled from the rest of the fields
   */
  RandomColumn(Random random, String name, String otherField, boolean mayBeRest) {
    this.random = random;
    this.name = name;
    this.type = one(List.of(ScalarType.values()));
    this.array = type != ScalarType.JSON && random.nextInt(4) == 0;
    this.source = array || random.nextInt(3) > 0 ? Source.EVENT : otherSource(mayBeRest);
    this.required = source != Source.REST && random.nextInt(3) == 0;
    this.field = source == Source.EVENT && random.nextInt(4) == 0 ? otherField : name;
    addKeys();
  }

  private Source otherSource(boolean mayBeRest) {
    return switch (type) {
      case STRING -> one(List.of(Source.HEADER, Source.CLIENT_IP, Source.APP_ID));
      case TIMESTAMP -> Source.RECEIVED_AT;
      case INET -> Source.CLIENT_IP;
      case JSON -> mayBeRest ? Source.REST : Source.EVENT;
      default -> Source.EVENT;
    };
  }

  private void addKeys() {
    keys.add("name: " + RandomValue.quoted(name));
    keys.add("type: \"" + type.schemaName() + (array ? "[]\"" : "\""));
    switch (source) {
      case EVENT -> addRestriction();
      case HEADER -> keys.add("header: " + header());
      case REST -> keys.add("rest: true");
      default -> keys.add("source: " + source.name().toLowerCase(Locale.ROOT));
    }
    if (!field.equals(name)) {
      keys.add("field: " + RandomValue.quoted(field));
    }
    if (required) {
      keys.add("required: true");
    }
    addIndex();
    boolean mayHaveDefault =
        type != ScalarType.JSON && (source == Source.EVENT || source == Source.HEADER);
    if (mayHaveDefault && random.nextInt(3) == 0) {
      defaultValue = value();
      keys.add("default: " + defaultValue.json());
    }
  }

  private void addRestriction() {
    if (array) {
      return;
    }
    if (type == ScalarType.TIMESTAMP && random.nextBoolean()) {
      unit = one(List.of(EpochUnit.values()));
      keys.add("unit: " + unit.name().toLowerCase(Locale.ROOT));
    }
    if (type == ScalarType.STRING && random.nextInt(3) == 0) {
      maxLength = 1 + random.nextInt(20);
      keys.add("max_length: " + maxLength);
    } else if (type == ScalarType.STRING && random.nextInt(3) == 0) {
      values = VALUES;
      keys.add("values: " + VALUES.stream().map(RandomValue::quoted).toList());
    }
  }

  private void addIndex() {
    boolean hasBrin = !array && type != ScalarType.JSON && type != ScalarType.BOOL;
    switch (random.nextInt(4)) {
      case 0 -> keys.add("indexed: true");
      case 1 -> keys.add(hasBrin ? "indexed: brin" : "indexed: false");
      default -> {}
    }
  }

  String name() {
    return name;
  }

  String field() {
    return field;
  }

  Source source() {
    return source;
  }

  /** As in the schema file. */
  String yaml() {
    return "{" + String.join(", ", keys) + "}";
  }

  /** The name of the header that a column with the key {@code header} is filled from. */
  String header() {
    return "X-" + Integer.toHexString(name.hashCode());
  }

  /** Whether there has to be a value, and not null. */
  boolean needsValue() {
    return required && defaultValue.equals(RandomValue.NULL);
  }

  /** What is stored for null. */
  RandomValue defaultValue() {
    return defaultValue;
  }

  /** A value that an event can have, but null. */
  RandomValue value() {
    if (array) {
      return RandomValue.arrayOf(random, type);
    }
    if (!values.isEmpty()) {
      return RandomValue.text(one(values));
    }
    if (maxLength > 0) {
      return RandomValue.text(RandomValue.text(random, maxLength));
    }
    return type == ScalarType.TIMESTAMP
        ? RandomValue.time(random, unit)
        : RandomValue.of(random, type);
  }

  /** As text, in SQL, as PostgreSQL reads it. */
  String sqlText(RandomValue value) {
    return "(%s)::%s%s::text".formatted(value.literal(), type.sqlName(), array ? "[]" : "");
  }

  /** The same for an address; in a string column it has no prefix length. */
  String sqlTextOfAddress(String address) {
    RandomValue value = RandomValue.text(address);
    return type == ScalarType.INET ? sqlText(value) : "host(" + value.literal() + "::inet)";
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }
}
