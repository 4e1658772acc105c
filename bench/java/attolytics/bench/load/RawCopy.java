package attolytics.bench.load;

import attolytics.bench.process.PostgresServer;
import attolytics.buffer.Batch;
import attolytics.decode.Decoder;
import attolytics.schema.App;
import attolytics.schema.yaml.SchemaException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * What the database can take by itself: binary COPY on one connection, of rows that are encoded
 * beforehand. What the service is measured against.
 */
public final class RawCopy implements Load {
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };
  private static final byte[] TRAILER = {(byte) 0xFF, (byte) 0xFF};

  /** The driver's own choice for streams. */
  private static final int CHUNK = 64 << 10;

  private static final int MAX_ROW = 1 << 16;

  /** The time is a row's first field: behind the number of fields and its own length. */
  private static final int TIME = Short.BYTES + Integer.BYTES;

  /** Where PostgreSQL's times begin, the year 2000, in microseconds since 1970. */
  private static final long EPOCH = 946_684_800_000_000L;

  private final PostgresServer server;
  private final byte[] rows;
  private final int[] starts;
  private long time = Body.FIRST_TIME;

  /**
   * @param perTransaction rows
   */
  public RawCopy(PostgresServer server, int perTransaction) throws SchemaException {
    this.server = server;
    List<Body> events =
        new ExampleEvents(ExampleEvents.FieldOrder.SCHEMA).bodies(perTransaction, 1);
    starts = new int[events.size()];
    ByteArrayOutputStream encoded = new ByteArrayOutputStream();
    App app = ExampleEvents.app();
    Decoder decoder = new Decoder();
    Batch batch = new Batch(MAX_ROW);
    for (int i = 0; i < starts.length; i++) {
      starts[i] = encoded.size();
      byte[] json = events.get(i).json();
      batch.clear();
      decoder.decode(app, json, json.length, name -> null, batch);
      if (batch.rowCount() != 1) {
        throw new IllegalArgumentException("not an event of the example's");
      }
      encoded.write(batch.rows().array(), 0, batch.byteCount());
    }
    rows = encoded.toByteArray();
  }

  @Override
  public Sent run(Duration duration) throws SQLException {
    Histogram latencies = Load.histogram();
    try (Connection connection = server.connect()) {
      connection.setAutoCommit(false);
      PGConnection driver = connection.unwrap(PGConnection.class);
      long start = System.nanoTime();
      long stopAt = start + duration.toNanos();
      long now = start;
      do {
        long begin = now;
        stamp();
        copy(driver);
        connection.commit();
        now = System.nanoTime();
        latencies.recordValue(now - begin);
      } while (now - stopAt < 0);
      long transactions = latencies.getTotalCount();
      return new Sent(transactions * starts.length, transactions, now - start, latencies);
    }
  }

  /** Brings that many rows into the table, or a few more. */
  public void fill(long count) throws SQLException {
    try (Connection connection = server.connect()) {
      PGConnection driver = connection.unwrap(PGConnection.class);
      for (long filled = 0; filled < count; filled += starts.length) {
        stamp();
        copy(driver);
      }
    }
  }

  private void stamp() {
    ByteBuffer buffer = ByteBuffer.wrap(rows);
    for (int start : starts) {
      buffer.putLong(start + TIME, time++ - EPOCH);
    }
  }

  private void copy(PGConnection driver) throws SQLException {
    CopyIn copy = driver.getCopyAPI().copyIn("COPY events FROM STDIN (FORMAT binary)");
    copy.writeToCopy(HEADER, 0, HEADER.length);
    for (int at = 0; at < rows.length; at += CHUNK) {
      copy.writeToCopy(rows, at, Math.min(CHUNK, rows.length - at));
    }
    copy.writeToCopy(TRAILER, 0, TRAILER.length);
    copy.endCopy();
  }
}
