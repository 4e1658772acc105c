package attolytics.bench.insert;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

/** Takes a request from the ring, commits its rows by itself, and acknowledges it; for ever. */
final class InsertWriter implements Runnable {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

  private final Ring ring;
  private final Ring.Consumer requests;
  private final Connection connection;
  private final Table table;
  private final InsertStyle style;

  /**
   * @param ring shared with the others of this kind
   */
  InsertWriter(Ring ring, Connection connection, Table table, InsertStyle style) {
    this.ring = ring;
    this.requests = ring.newConsumer();
    this.connection = connection;
    this.table = table;
    this.style = style;
  }

  @Override
  public void run() {
    try (PreparedStatement insert = connection.prepareStatement(style.statement(table))) {
      while (true) {
        Batch batch = next();
        style.insert(insert, table, EncodedRows.decode(table, batch));
        connection.commit();
        batch.settle(Outcome.STORED);
      }
    } catch (SQLException | RuntimeException e) {
      e.printStackTrace(); // to the log
      Runtime.getRuntime().halt(1); // which the load notices
    }
  }

  /** One at a time polls. */
  private Batch next() {
    synchronized (ring) {
      Batch batch = requests.poll(PATIENCE);
      while (batch == null) {
        batch = requests.poll(PATIENCE);
      }
      requests.release();
      return batch;
    }
  }
}
