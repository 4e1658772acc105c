package attolytics.bench.load;

import attolytics.bench.process.PostgresServer;
import attolytics.buffer.Batch;
import attolytics.flush.transaction.RowWriter;
import attolytics.schema.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Transactions of the service's writer, in which some rows repeat those of the one before. */
public final class RepeatedRows implements Load {
  private static final int LOCK_MILLIS = 1_000;
  private static final int MAX_BYTES = 1 << 20;
  private static final byte[] NAME = "a name of some length".getBytes(StandardCharsets.UTF_8);

  private final PostgresServer server;
  private final Table table;
  private final int rows;
  private final int repeated;
  private final Batch batch = new Batch(MAX_BYTES);
  private long next;

  /**
   * @param rows a transaction
   * @param percent of them that repeat
   */
  public RepeatedRows(PostgresServer server, Table table, int rows, int percent) {
    this.server = server;
    this.table = table;
    this.rows = rows;
    this.repeated = rows * percent / 100;
  }

  @Override
  public Sent run(Duration duration) throws IOException, SQLException {
    Histogram latencies = Load.histogram();
    RowWriter writer = new RowWriter();
    long stored = 0;
    next = repeated; // no row is there that could repeat: the first ones are stored
    try (Connection connection = server.connect()) {
      connection.setAutoCommit(false);
      long start = System.nanoTime();
      long stopAt = start + duration.toNanos();
      long now = start;
      do {
        encode();
        long begin = System.nanoTime();
        RowWriter.begin(connection, LOCK_MILLIS);
        writer.write(connection, List.of(batch), false);
        RowWriter.commit(connection);
        now = System.nanoTime();
        latencies.recordValue(now - begin);
        stored += rows - batch.duplicates();
      } while (now - stopAt < 0);
      return new Sent(stored, latencies.getTotalCount(), now - start, latencies);
    } catch (RowWriter.RefusedException e) {
      throw new IOException(e);
    }
  }

  /** The last rows of the transaction before, and new ones. */
  private void encode() {
    batch.clear();
    for (long id = next - repeated; id < next - repeated + rows; id++) {
      batch.rows().putShort(3);
      batch.rows().putField8(id);
      batch.rows().putField8(id);
      batch.rows().putInt(NAME.length);
      batch.rows().put(NAME, 0, NAME.length);
      batch.endRow(table);
    }
    next += rows - repeated;
  }
}
