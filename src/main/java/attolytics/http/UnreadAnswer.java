package attolytics.http;

import attolytics.buffer.Batch;
import attolytics.buffer.Budget;
import attolytics.http.server.HeadSize;
import attolytics.http.server.RequestBytes;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.ServerConnection;
import io.undertow.util.AttachmentKey;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * The answer of a connection whose client does not read it. Its memory is reserved in the budget,
 * and the connection is closed if the budget has none or the client does not read within the idle
 * timeout. One per connection, because a connection keeps its close listeners for as long as it
 * lives. On its IO thread only.
 */
final class UnreadAnswer {
  private static final AttachmentKey<UnreadAnswer> KEY = AttachmentKey.create(UnreadAnswer.class);

  private final ServerConnection connection;
  private final Budget budget;
  private int reservedBytes;
  private XnioExecutor.@Nullable Key timer;

  private UnreadAnswer(ServerConnection connection, Budget budget) {
    this.connection = connection;
    this.budget = budget;
  }

  /**
   * Closes the connection if the client does not read the answer.
   *
   * @param exchange which is not complete
   * @param documentBytes length of the answer
   * @param sent whether nothing of the answer is in memory any more
   */
  static void closeIfUnread(
      HttpServerExchange exchange, IngestContext ingest, int documentBytes, boolean sent) {
    ServerConnection connection = exchange.getConnection();
    HeadSize.forget(exchange);
    int bytes = sent ? 0 : bytes(exchange, documentBytes);
    if (!ingest.bodyBudget().tryReserve(bytes)) {
      IoUtils.safeClose(connection);
      return;
    }
    UnreadAnswer unread = of(connection, ingest.bodyBudget());
    unread.reservedBytes += bytes;
    unread.startTimer(exchange, ingest.limits().idleTimeout().toMillis());
  }

  /** What an answer takes that is not sent, and the requests behind it, which are not read. */
  private static int bytes(HttpServerExchange exchange, int documentBytes) {
    return Batch.OVERHEAD_BYTES
        + exchange.getConnection().getBufferSize()
        + documentBytes
        + RequestBytes.readAheadHeapBytes(exchange);
  }

  private static UnreadAnswer of(ServerConnection connection, Budget budget) {
    UnreadAnswer known = connection.getAttachment(KEY);
    if (known != null) {
      return known;
    }
    UnreadAnswer unread = new UnreadAnswer(connection, budget);
    connection.putAttachment(KEY, unread);
    connection.addCloseListener(closed -> unread.forget());
    return unread;
  }

  private void startTimer(HttpServerExchange exchange, long idleMillis) {
    exchange.addExchangeCompleteListener(
        (completed, next) -> {
          forget();
          next.proceed();
        });
    timer = exchange.getIoThread().executeAfter(this::close, idleMillis, TimeUnit.MILLISECONDS);
  }

  private void close() {
    forget();
    IoUtils.safeClose(connection);
  }

  /** Also removes the timer, which would keep this object until it is due. */
  private void forget() {
    if (timer != null) {
      timer.remove();
      timer = null;
    }
    budget.release(reservedBytes);
    reservedBytes = 0;
  }
}
