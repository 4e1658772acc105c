package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what a COMMIT has done whose answer was lost: by the status of the transaction, or, if
 * the server cannot tell that, by the Idempotency-Keys, which are committed with the rows. The
 * server that answers has the key if and only if it has the rows, and accepts it only once: so
 * writing such a request again is safe, and answers the question. Used by one thread.
 */
final class CommitRecovery {
  private static final Logger log = LoggerFactory.getLogger(CommitRecovery.class);

  private final FlushDatabase database;
  private final Set<Batch> inDoubt = new HashSet<>();

  CommitRecovery(FlushDatabase database) {
    this.database = database;
  }

  /**
   * The status of the transaction.
   *
   * @param nanos how long the query may take
   */
  TransactionStatus status(TransactionId transaction, long nanos) {
    TransactionStatus status =
        transaction.isKnown() ? database.status(transaction, nanos) : TransactionStatus.UNKNOWN;
    if (status == TransactionStatus.UNKNOWN) {
      log.warn("Server cannot report the status of {}", transaction);
    }
    return status;
  }

  /**
   * Records that the requests may be committed.
   *
   * @return those with a key, which are to be written again
   */
  List<Batch> doubt(List<Batch> part) {
    List<Batch> keyed = new ArrayList<>();
    for (Batch batch : part) {
      inDoubt.add(batch);
      if (batch.key() != null) {
        keyed.add(batch);
      }
    }
    return keyed;
  }

  /**
   * Ends the doubt about a request.
   *
   * @return the outcome given, or UNKNOWN if there was doubt and its key was not looked up
   */
  Outcome endDoubt(Batch batch, Outcome outcome) {
    boolean doubtful = !inDoubt.isEmpty() && inDoubt.remove(batch) && !isLearnt(outcome);
    return doubtful ? Outcome.UNKNOWN : outcome;
  }

  /**
   * Whether an attempt since then has claimed its key, or found it: an earlier COMMIT has shown.
   */
  private static boolean isLearnt(Outcome outcome) {
    return switch (outcome.kind()) {
      case STORED, REPLAYED, KEY_REUSED, KEY_UNKNOWN, REFUSED, CONFLICT -> true;
      case TABLE_BROKEN, UNAVAILABLE, BUFFER_FULL, STOPPED, UNKNOWN -> false;
    };
  }

  /** Forgets all requests. */
  void clear() {
    inDoubt.clear();
  }
}
