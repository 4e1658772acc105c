package attolytics.app;

import attolytics.http.server.HttpServer;
import attolytics.http.server.Limits;
import attolytics.metrics.Metrics;
import attolytics.metrics.PrometheusMetrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.util.Locale;

/** Opens the admin port and the public port, with the limits of each. */
final class HttpPorts {
  /**
   * Of the admin port: enough for some probes, scrapers and browsers, and so few that they need no
   * share of the heap.
   */
  private static final int ADMIN_CONNECTIONS = 100;

  private static final int ADMIN_PARTIAL_HEADS = 20;

  private static final int ADMIN_IO_THREADS = 1;

  private final Settings settings;
  private final HeapShare heap;
  private final PrometheusMetrics metrics;
  private final RecentRefusals refusals;
  private final RecentOutages outages;

  HttpPorts(
      Settings settings,
      HeapShare heap,
      PrometheusMetrics metrics,
      RecentRefusals refusals,
      RecentOutages outages) {
    this.settings = settings;
    this.heap = heap;
    this.metrics = metrics;
    this.refusals = refusals;
    this.outages = outages;
  }

  HttpServer openAdmin(HttpHandler handler) throws StartException {
    return open(
        "admin_",
        settings.adminHost(),
        settings.adminPort(),
        ADMIN_IO_THREADS,
        limits(ADMIN_CONNECTIONS, ADMIN_PARTIAL_HEADS),
        Metrics.NONE, // these are of the public port's requests, as are the others
        new RecentRefusals(),
        new RecentOutages(),
        handler);
  }

  HttpServer openPublic(HttpHandler handler) throws StartException {
    return open(
        "",
        settings.host(),
        settings.port(),
        Runtime.getRuntime().availableProcessors(),
        publicLimits(),
        metrics,
        refusals,
        outages,
        handler);
  }

  Limits publicLimits() {
    return limits(heap.connections(), heap.partialHeads());
  }

  private Limits limits(int connections, int partialHeads) {
    return new Limits(
        settings.maxBody(),
        heap.largeBodies(),
        connections,
        partialHeads,
        settings.headerTimeout(),
        settings.bodyTimeout(),
        settings.idleTimeout());
  }

  private HttpServer open(
      String prefix,
      String host,
      int port,
      int ioThreads,
      Limits limits,
      Metrics counts,
      RecentRefusals refused,
      RecentOutages answered,
      HttpHandler handler)
      throws StartException {
    try {
      return HttpServer.open(host, port, ioThreads, limits, counts, refused, answered, handler);
    } catch (IOException e) {
      throw new StartException(
          "cannot listen on %s:%d: %s; choose another by --%shost and --%sport, or ATTOLYTICS_%sHOST and ATTOLYTICS_%sPORT"
              .formatted(
                  host, port, e.getMessage(), prefix, prefix, upperCase(prefix), upperCase(prefix)),
          e);
    }
  }

  private static String upperCase(String prefix) {
    return prefix.toUpperCase(Locale.ROOT);
  }

  /** For the log. */
  static String url(String host, HttpServer server) {
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port();
  }
}
