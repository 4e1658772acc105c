package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.schema.ArrayType;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads rows in COPY's binary format as PostgreSQL would. */
final class CopiedRows {
  private CopiedRows() {}

  /** All rows of the batch. */
  static List<Reference.Row> of(Batch batch) {
    List<Reference.Row> rows = new ArrayList<>();
    int count = 0;
    for (int run = 0; run < batch.runCount(); run++) {
      int start = batch.runStart(run);
      ByteBuffer bytes =
          ByteBuffer.wrap(batch.rows().array(), start, batch.runEnd(run) - start).slice();
      for (int row = 0; row < batch.runRows(run); row++) {
        rows.add(row(batch.runTable(run), bytes));
      }
      assertEquals(0, bytes.remaining(), "bytes behind a run's last row");
      count += batch.runRows(run);
    }
    assertEquals(batch.rowCount(), count);
    return rows;
  }

  private static Reference.Row row(Table table, ByteBuffer bytes) {
    assertEquals(table.columns().size(), bytes.getShort());
    List<@Nullable Object> values = new ArrayList<>();
    for (Column column : table.columns()) {
      int length = bytes.getInt();
      if (length == -1) {
        values.add(null);
      } else {
        ByteBuffer field = bytes.slice().limit(length);
        values.add(value(column.type(), field));
        assertEquals(0, field.remaining(), "bytes behind the value of a field");
        bytes.position(bytes.position() + length);
      }
    }
    return new Reference.Row(table, values);
  }

  private static Object value(ColumnType type, ByteBuffer field) {
    return type instanceof ArrayType array
        ? elements(array.element(), field)
        : value(type.scalar(), field);
  }

  private static List<@Nullable Object> elements(ScalarType type, ByteBuffer field) {
    int dimensions = field.getInt();
    boolean hasNulls = field.getInt() != 0;
    field.getInt(); // the OID, which PostgreSQL checks
    List<@Nullable Object> elements = new ArrayList<>();
    if (dimensions == 0) {
      return elements;
    }
    assertEquals(1, dimensions);
    int count = field.getInt();
    assertEquals(1, field.getInt(), "the lower bound");
    for (int i = 0; i < count; i++) {
      int length = field.getInt();
      ByteBuffer element = field.slice().limit(Math.max(length, 0));
      elements.add(length < 0 ? null : value(type, element));
      field.position(field.position() + Math.max(length, 0));
    }
    assertEquals(elements.contains(null), hasNulls);
    return elements;
  }

  private static Object value(ScalarType type, ByteBuffer field) {
    return switch (type) {
      case BOOL -> field.get() != 0;
      case I32 -> (long) field.getInt();
      case I64 -> field.getLong();
      case F32 -> field.getFloat();
      case F64 -> field.getDouble();
      case STRING -> text(field);
      case TIMESTAMP -> BigInteger.valueOf(field.getLong());
      case DATE -> LocalDate.of(2000, 1, 1).plusDays(field.getInt());
      case UUID -> new UUID(field.getLong(), field.getLong());
      case NUMERIC -> numeric(field);
      case INET -> {
        byte[] bytes = new byte[field.remaining()];
        field.get(bytes);
        yield HexFormat.of().formatHex(bytes);
      }
      case JSON -> {
        assertEquals(1, field.get(), "the version of JSONB");
        yield tree(text(field));
      }
    };
  }

  private static BigDecimal numeric(ByteBuffer field) {
    int digits = field.getShort() & 0xFFFF;
    int weight = field.getShort();
    int sign = field.getShort();
    int scale = field.getShort();
    StringBuilder text = new StringBuilder("0");
    for (int i = 0; i < digits; i++) {
      int digit = field.getShort();
      assertTrue(digit >= 0 && digit < 10_000 && (digit > 0 || (i > 0 && i < digits - 1)));
      text.append("%04d".formatted(digit));
    }
    BigDecimal value =
        new BigDecimal(new BigInteger(text.toString()))
            .scaleByPowerOfTen(4 * (weight - digits + 1));
    return (sign == 0 ? value : value.negate()).setScale(scale);
  }

  private static String text(ByteBuffer field) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(field).toString();
    } catch (CharacterCodingException e) {
      throw new AssertionError("not UTF-8", e);
    }
  }

  private static Tree tree(String text) {
    try {
      return Tree.parse(text);
    } catch (Tree.NoJson e) {
      throw new AssertionError("no JSON: " + text, e);
    }
  }
}
