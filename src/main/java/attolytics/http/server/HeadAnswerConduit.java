package attolytics.http.server;

import attolytics.http.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xnio.conduits.AbstractStreamSinkConduit;
import org.xnio.conduits.Conduits;
import org.xnio.conduits.StreamSinkConduit;

/**
 * The sink conduit of a connection. Until the head of a request is complete, only Undertow writes:
 * a 400 without a body, if the head is invalid. This conduit writes a problem document instead.
 */
final class HeadAnswerConduit extends AbstractStreamSinkConduit<StreamSinkConduit> {
  private final HeadConduit head;
  private final Supplier<byte[]> refusal;
  private @Nullable ByteBuffer answer;

  /**
   * @param refusal supplies the answer that replaces Undertow's; called once
   */
  HeadAnswerConduit(StreamSinkConduit next, HeadConduit head, Supplier<byte[]> refusal) {
    super(next);
    this.head = head;
    this.refusal = refusal;
  }

  /** A complete answer, after which the connection is closed. */
  static byte[] answer(
      Problem problem, @Nullable String detail, @Nullable String errorId, String... headers) {
    byte[] document = problem.document(detail, List.of(), errorId);
    StringBuilder answer = new StringBuilder();
    answer.append("HTTP/1.1 ").append(problem.status()).append(' ').append(problem.reasonPhrase());
    answer.append("\r\nConnection: close\r\n");
    for (String header : headers) {
      answer.append(header).append("\r\n");
    }
    answer.append("Content-Type: ").append(Problem.CONTENT_TYPE).append("\r\n");
    answer.append("Content-Length: ").append(document.length).append("\r\n\r\n");
    answer.append(new String(document, StandardCharsets.UTF_8));
    return answer.toString().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public int write(ByteBuffer undertows) throws IOException {
    if (!head.isInHead()) {
      return super.write(undertows);
    }
    if (answer == null) {
      answer = ByteBuffer.wrap(refusal.get());
    }
    while (answer.hasRemaining()) {
      if (next.write(answer) == 0) {
        return 0;
      }
    }
    int replaced = undertows.remaining();
    undertows.position(undertows.limit());
    return replaced;
  }

  @Override
  public long write(ByteBuffer[] undertows, int from, int count) throws IOException {
    if (!head.isInHead()) {
      return super.write(undertows, from, count);
    }
    long replaced = 0;
    for (int i = from; i < from + count; i++) {
      replaced += write(undertows[i]);
    }
    return replaced;
  }

  @Override
  public int writeFinal(ByteBuffer undertows) throws IOException {
    return head.isInHead()
        ? Conduits.writeFinalBasic(this, undertows)
        : super.writeFinal(undertows);
  }

  @Override
  public long writeFinal(ByteBuffer[] undertows, int from, int count) throws IOException {
    return head.isInHead()
        ? Conduits.writeFinalBasic(this, undertows, from, count)
        : super.writeFinal(undertows, from, count);
  }
}
