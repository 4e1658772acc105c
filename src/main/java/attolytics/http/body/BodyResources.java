package attolytics.http.body;

import attolytics.buffer.Budget;
import attolytics.http.problem.Refusal;
import attolytics.http.server.Limits;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import org.xnio.XnioExecutor;

/** What the {@link BodyReader}s of one IO thread share. For that thread only. */
public final class BodyResources {
  private static final int BUFFER_BYTES = 64 << 10;

  private final int maxBody;
  private final PendingBodies pending;
  private final Gzip gzip = new Gzip();
  private final byte[] bufferBytes = new byte[BUFFER_BYTES];
  private final ByteBuffer buffer = ByteBuffer.wrap(bufferBytes);

  /**
   * @param budget for small bodies
   * @param bodyBudget the part of it that other incomplete bodies may take
   * @param largeBodies how many more of them may be decoded now, by all IO threads
   */
  public BodyResources(
      XnioExecutor ioThread,
      Limits limits,
      Budget budget,
      Budget bodyBudget,
      Semaphore largeBodies) {
    maxBody = limits.maxBody();
    pending = new PendingBodies(ioThread, limits.bodyTimeout(), budget, bodyBudget, largeBodies);
  }

  /** Refuses all requests whose body is incomplete or waits for its turn. */
  public void refuseAll(Refusal refusal) {
    pending.refuseAll(refusal);
  }

  int maxBody() {
    return maxBody;
  }

  PendingBodies pending() {
    return pending;
  }

  Gzip gzip() {
    return gzip;
  }

  /** The buffer that bodies are read into; the next reader overwrites it. */
  ByteBuffer buffer() {
    return buffer;
  }

  /** The array of {@link #buffer}, whose offset is 0. */
  byte[] bufferBytes() {
    return bufferBytes;
  }
}
