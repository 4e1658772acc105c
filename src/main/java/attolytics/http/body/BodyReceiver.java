package attolytics.http.body;

import attolytics.http.problem.Refusal;

/**
 * Receives a request's body, or the reason why there is none: exactly one of {@link #received},
 * {@link #refused} and {@link #failed} is called, and once. On the connection's IO thread; must not
 * throw.
 */
public interface BodyReceiver {
  /**
   * The body is complete.
   *
   * @param bytes the body from 0 to {@code length}, without any encoding; valid during the call
   *     only
   */
  void received(byte[] bytes, int length);

  /**
   * The request is refused.
   *
   * @param complete whether the body was read to its end, so that the connection can be used again
   */
  void refused(Refusal refusal, boolean complete);

  /** The service failed while it read the body. */
  void failed(Throwable cause);

  /**
   * The request is refused before its body has arrived, and has to be answered now, as there is no
   * memory to keep its headers until then. {@link #refused} follows when the body ends.
   */
  void refusedBeforeBody(Refusal refusal);
}
