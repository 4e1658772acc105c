package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Batch;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Table;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
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
      case JSON -> {
        assertEquals(1, field.get(), "the version of JSONB");
        yield tree(text(field));
      }
    };
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
