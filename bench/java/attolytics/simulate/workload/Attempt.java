package attolytics.simulate.workload;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.encoding.CopyBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request that is sent once, and what its instance answers. */
public final class Attempt implements Ack {
  /** A row has one column, of eight bytes: its id. */
  static final int ROW_BYTES = Short.BYTES + Integer.BYTES + Long.BYTES;

  private final Request request;
  private final int instance;
  private final int number;
  private final long from;
  private final Batch batch;
  private final @Nullable LenientAttempt lenient;
  private final Consumer<Attempt> answered;
  private long to;
  private @Nullable Outcome outcome;
  private boolean broken;

  /**
   * @param number of the attempt, among all
   * @param answered is told when the answer is there
   */
  public Attempt(Request request, int instance, int number, long now, Consumer<Attempt> answered) {
    this.request = request;
    this.instance = instance;
    this.number = number;
    this.from = now;
    this.to = Long.MAX_VALUE;
    this.answered = answered;
    this.batch = new Batch(Math.max(64, ROW_BYTES * request.rows().size()));
    if (!batch.reserve(0)) {
      throw new IllegalStateException("a limit for a batch without one");
    }
    for (int i = 0; i < request.rows().size(); i++) {
      batch.rows().putShort(1);
      batch.rows().putField8(request.rowId(i));
      batch.endRow(request.rows().get(i).table().table());
    }
    IdempotencyKey key = request.idempotencyKey();
    if (key != null) {
      batch.identify(key);
    }
    batch.setSource(request.connection());
    lenient = request.isLenient() ? new LenientAttempt(batch, request.rows().size()) : null;
    if (lenient != null) {
      batch.handleLeniently(lenient, 0);
    }
    batch.accept(this, now);
  }

  /** The attempt that a batch was made for. */
  public static Attempt of(Batch batch) {
    if (batch.ack() instanceof Attempt attempt) {
      return attempt;
    }
    throw new IllegalStateException("a request is written that is settled");
  }

  /** The ids of the rows in one of the batch's runs. */
  public static List<Long> rowIds(Batch batch, int run) {
    List<Long> ids = new ArrayList<>();
    for (int at = batch.runStart(run); at < batch.runEnd(run); at += ROW_BYTES) {
      ids.add(CopyBuffer.fieldInteger(batch.rows().array(), at + Short.BYTES));
    }
    return ids;
  }

  @Override
  public void settled(Outcome settledAs) {
    if (!broken) {
      outcome = settledAs;
      answered.accept(this);
    }
  }

  /** Its answer is there, or will never be. */
  public void endsAt(long nanos) {
    to = nanos;
  }

  /** Its instance was killed. */
  public void breakOff() {
    broken = true;
    answered.accept(this);
  }

  /** Whether the client has seen the end of it. */
  public boolean isOver() {
    return to != Long.MAX_VALUE;
  }

  public Request request() {
    return request;
  }

  public int instance() {
    return instance;
  }

  public int number() {
    return number;
  }

  public Batch batch() {
    return batch;
  }

  /** When it was sent. */
  public long from() {
    return from;
  }

  /** When it was over. */
  public long to() {
    return to;
  }

  public @Nullable Outcome outcome() {
    return outcome;
  }

  public boolean isPending() {
    return outcome == null && !broken;
  }

  public boolean was(Outcome.Kind kind) {
    return outcome != null && outcome.kind() == kind && !broken;
  }

  /** Whether the client cannot know if the rows are stored. */
  public boolean isAmbiguous() {
    return broken || outcome == null || outcome.kind() == Outcome.Kind.UNKNOWN;
  }

  /** Whether the client is told that the rows are not stored. */
  public boolean isRefused() {
    return !isAmbiguous() && !was(Outcome.Kind.STORED) && !was(Outcome.Kind.REPLAYED);
  }

  /** Whether the answer to a lenient request says other numbers than these. */
  public boolean countsOtherThan(int stored, int duplicates, int quarantined) {
    return lenient != null
        && !lenient
            .answer(batch.duplicates())
            .equals(LenientAttempt.answer(stored, duplicates, quarantined));
  }

  public boolean hasKey() {
    return request.key() != null;
  }

  /** Whether it has rows for the table. */
  public boolean needs(int table) {
    return (tables() & 1 << table) != 0;
  }

  /** The tables that it needs, as a set of bits. */
  public int tables() {
    int tables = request.key() == null ? 0 : 1 << ModelTable.KEY_TABLE;
    for (Row row : request.rows()) {
      tables |= 1 << row.table().number();
    }
    return tables;
  }

  @Override
  public String toString() {
    return "attempt " + number + " of request " + request.number() + " at instance " + instance;
  }
}
