package attolytics.buffer;

import attolytics.encoding.CopyBuffer;

/**
 * A request that is handled leniently: an event that cannot be stored is put into quarantine and
 * does not refuse the others. Belongs to the thread that its {@link Batch} belongs to.
 */
public interface LenientRequest {
  /**
   * Puts an event that the database refused into quarantine, in place of its row in the batch.
   *
   * @param code as in the errors of an answer
   * @param detail the message of the database, for the client
   * @return false if there are too many of them; the request has to be refused then
   * @throws CopyBuffer.LimitExceededException if there is no memory for it; the request's rows are
   *     not valid any more
   */
  boolean quarantine(int event, String code, String detail);

  /**
   * The body of the answer, as JSON, once the rows are committed as they are now.
   *
   * @param duplicates how many of the rows were left out because the table has them already
   */
  String answer(int duplicates);
}
