package attolytics.http;

import io.undertow.server.ServerConnection;
import io.undertow.util.AttachmentKey;
import org.jspecify.annotations.Nullable;

/**
 * Whose answer a connection's client has yet to read, to be told when the connection is closed. One
 * for all requests of a connection, as it keeps its close listeners as long as it lives.
 */
final class UnreadAnswer {
  private static final AttachmentKey<UnreadAnswer> KEY = AttachmentKey.create(UnreadAnswer.class);

  private @Nullable IngestRequest request;

  private UnreadAnswer() {}

  static UnreadAnswer of(ServerConnection connection) {
    UnreadAnswer known = connection.getAttachment(KEY);
    if (known != null) {
      return known;
    }
    UnreadAnswer unread = new UnreadAnswer();
    connection.putAttachment(KEY, unread);
    connection.addCloseListener(closed -> unread.closed());
    return unread;
  }

  /**
   * @param request null if it has been read
   */
  void isOf(@Nullable IngestRequest request) {
    this.request = request;
  }

  private void closed() {
    if (request != null) {
      request.noLongerUnread();
      request = null;
    }
  }
}
