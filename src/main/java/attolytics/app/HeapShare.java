package attolytics.app;

import attolytics.http.server.HttpServer;
import attolytics.settings.Settings;
import attolytics.settings.SettingsOptions;
import attolytics.settings.StartException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shares of the heap that clients can use. Settings are lowered to what fits into the heap
 * beside the service itself, so that no client can cause an OutOfMemoryError:
 *
 * <pre>
 *   | the service itself |  1/2 buffer  | 1/8 connections | 1/8 partial heads | 1/4 collector |
 * </pre>
 *
 * @param buffer bytes of requests that are being read or wait for their commit
 * @param connections open at the same time
 * @param partialHeads those of the connections on which the head of a request is incomplete
 */
record HeapShare(long buffer, int connections, int partialHeads) {
  private static final Logger log = LoggerFactory.getLogger(HeapShare.class);

  /** Used before the first request, by classes, metrics and the pool, and a reserve. */
  private static final long OWN_BYTES = 24 << 20;

  /** A writer's share of the ring, and the send buffer of its connection. */
  private static final long WRITER_BYTES = 4 << 20;

  /** The objects of an idle connection: measured as 2 480 bytes. */
  private static final long CONNECTION_BYTES = 2_560;

  private static final int MAX_PARTIAL_HEADS = 1000;

  /**
   * @param heapBytes the maximum size of the heap
   * @throws StartException if not even the smallest buffer fits
   */
  static HeapShare of(Settings settings, long heapBytes) throws StartException {
    long own = OWN_BYTES + WRITER_BYTES * settings.writers();
    long rest = Math.max(0, heapBytes - own);
    long buffer = Math.min(settings.maxBuffer(), rest / 2);
    if (buffer < SettingsOptions.BODIES_IN_BUFFER * settings.maxBody()) {
      throw new StartException(
          String.format(
              "a heap of %s is too small for --max_body %s and --writers %d; raise it by -Xmx to %s"
                  + " or more, or lower --max_body",
              mib(heapBytes),
              mib(settings.maxBody()),
              settings.writers(),
              mib(own + 2 * SettingsOptions.BODIES_IN_BUFFER * settings.maxBody())));
    }
    int connections = (int) Math.min(settings.maxConnections(), rest / 8 / CONNECTION_BYTES);
    int heads = (int) Math.min(MAX_PARTIAL_HEADS, rest / 8 / HttpServer.MAX_HEAD_HEAP_BYTES);
    return new HeapShare(buffer, Math.max(1, connections), Math.max(1, heads));
  }

  /** Warns if settings were lowered. */
  void logLowered(Settings settings, long heapBytes) {
    if (buffer < settings.maxBuffer()) {
      log.warn(
          "--max_buffer lowered from {} to {} to fit into a heap of {}: raise -Xmx",
          mib(settings.maxBuffer()),
          mib(buffer),
          mib(heapBytes));
    }
    if (connections < settings.maxConnections()) {
      log.warn(
          "--max_connections lowered from {} to {} to fit into a heap of {}: raise -Xmx",
          settings.maxConnections(),
          connections,
          mib(heapBytes));
    }
  }

  private static String mib(long bytes) {
    return bytes >= 1 << 20 ? (bytes >> 20) + " MiB" : (bytes >> 10) + " KiB";
  }
}
