package attolytics.clients;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A web site with a page that tracks events with the JavaScript client. */
final class TrackingSite implements AutoCloseable {
  private final HttpServer server =
      HttpServer.create(new InetSocketAddress("localhost", 0), /* backlog= */ 0);

  TrackingSite() throws IOException {
    serve("/", "text/html", read("src/test/resources/attolytics/clients/page.html"));
    serve("/attolytics.js", "text/javascript", read("clients/js/attolytics.js"));
    server.start();
  }

  private static String read(String file) throws IOException {
    return Files.readString(Path.of(file));
  }

  /** Adds a file to the site. */
  void serve(String path, String type, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    server.createContext(path, exchange -> answer(exchange, type, bytes));
  }

  private static void answer(HttpExchange exchange, String type, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  /**
   * A page that sends events to this URL.
   *
   * @param interval the option of the client, in milliseconds
   */
  String page(String url, int interval) {
    return "http://localhost:%d/?interval=%d&url=%s"
        .formatted(port(), interval, URLEncoder.encode(url, StandardCharsets.UTF_8));
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
