package attolytics.flush.transaction;

import attolytics.encoding.AsciiText;
import attolytics.encoding.CopyBuffer;
import attolytics.schema.Column;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * A row of {@link Quarantine#TABLE} in ASCII, for databases whose encoding does not have every
 * character: what a client sends is to have room there whatever it is. Used by one thread.
 */
final class AsciiRow {
  /** Those that other tables contain, too. */
  private static final Set<String> UNCHANGED = Set.of("app", "idempotency_key");

  private final CopyBuffer row = new CopyBuffer(1024, Integer.MAX_VALUE - 8);

  /** The row at an offset; valid until the next call. */
  CopyBuffer of(byte[] rows, int start) {
    row.truncate(0);
    row.putShort(Quarantine.TABLE.columns().size());
    int at = start + Short.BYTES;
    for (Column column : Quarantine.TABLE.columns()) {
      int length = CopyBuffer.fieldBytes(rows, at);
      if (isText(column) && length > Integer.BYTES) {
        putAscii(column, rows, at + Integer.BYTES, length - Integer.BYTES);
      } else {
        row.put(rows, at, length);
      }
      at += length;
    }
    return row;
  }

  private static boolean isText(Column column) {
    return column.type() != ScalarType.TIMESTAMP && !UNCHANGED.contains(column.name());
  }

  private void putAscii(Column column, byte[] rows, int from, int length) {
    String text = new String(rows, from, length, StandardCharsets.UTF_8);
    // JSONB consists of characters: its escapes are replaced when it is stored.
    boolean isJsonb = column.type() == ScalarType.JSON;
    String ascii = isJsonb ? AsciiText.escapeTwice(text) : AsciiText.escape(text);
    byte[] bytes = ascii.getBytes(StandardCharsets.US_ASCII);
    row.putField(bytes, 0, bytes.length);
  }
}
