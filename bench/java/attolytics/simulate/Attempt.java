package attolytics.simulate;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.schema.Table;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request that is sent once, and what its instance answers. */
final class Attempt implements Ack {
  /** A row has one column, of eight bytes. */
  static final int ROW_BYTES = Short.BYTES + Integer.BYTES + Long.BYTES;

  /** So that a row's id tells its request. */
  static final int MAX_ROWS = 1 << 10;

  private final Plan.Request request;
  private final int instance;
  private final int number;
  private final long from;
  private final Batch batch;
  private final @Nullable Leniency leniency;
  private final Consumer<Attempt> answered;
  private long to;
  private @Nullable Outcome outcome;
  private boolean broken;

  /**
   * @param number of the attempt, among all
   * @param answered is told when the answer is there
   */
  Attempt(
      Plan.Request request,
      List<Table> tables,
      int instance,
      int number,
      long now,
      Consumer<Attempt> answered) {
    this.request = request;
    this.instance = instance;
    this.number = number;
    this.from = now;
    this.to = Long.MAX_VALUE;
    this.answered = answered;
    this.batch = new Batch(Math.max(64, ROW_BYTES * request.rows().size()));
    for (int i = 0; i < request.rows().size(); i++) {
      batch.rows().putShort(1);
      batch.rows().putField8(rowId(request, i));
      batch.endRow(tables.get(request.rows().get(i).table().number()));
    }
    if (request.key() != null) {
      byte[] fingerprint = ByteBuffer.allocate(Integer.BYTES).putInt(request.number()).array();
      batch.identify(new IdempotencyKey("app", request.key(), fingerprint));
    }
    batch.setSource(request.connection());
    leniency = request.isLenient() ? new Leniency(batch, request.rows().size()) : null;
    if (leniency != null) {
      batch.handleLeniently(leniency, 0);
    }
    batch.accept(this, now);
  }

  static long rowId(Plan.Request request, int row) {
    return (long) request.number() * MAX_ROWS + row;
  }

  @Override
  public void settled(Outcome settledAs) {
    if (!broken) {
      outcome = settledAs;
      answered.accept(this);
    }
  }

  /** Its answer is there, or will never be. */
  void endsAt(long nanos) {
    to = nanos;
  }

  /** Its instance was killed. */
  void breakOff() {
    broken = true;
    answered.accept(this);
  }

  /** Whether the client has seen the end of it. */
  boolean isOver() {
    return to != Long.MAX_VALUE;
  }

  Plan.Request request() {
    return request;
  }

  int instance() {
    return instance;
  }

  int number() {
    return number;
  }

  Batch batch() {
    return batch;
  }

  @Nullable Leniency leniency() {
    return leniency;
  }

  long from() {
    return from;
  }

  long to() {
    return to;
  }

  @Nullable Outcome outcome() {
    return outcome;
  }

  boolean isBroken() {
    return broken;
  }

  boolean isPending() {
    return outcome == null && !broken;
  }

  boolean was(Outcome.Kind kind) {
    return outcome != null && outcome.kind() == kind && !broken;
  }

  /** Whether the client cannot know if the rows are stored. */
  boolean isAmbiguous() {
    return broken || outcome == null || outcome.kind() == Outcome.Kind.UNKNOWN;
  }

  /** The tables that it needs, as a set of bits. */
  int tables() {
    int tables = request.key() == null ? 0 : 1 << Excuses.KEY_TABLE;
    for (Plan.Row row : request.rows()) {
      tables |= 1 << row.table().number();
    }
    return tables;
  }

  @Override
  public String toString() {
    return "attempt " + number + " of request " + request.number() + " at instance " + instance;
  }
}
