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
 *   | the service itself | large bodies | the rest:                                          |
 *   |                    |              | 1/2 buffer | 1/8 connections | 1/8 heads | 1/4 collector |
 * </pre>
 *
 * <p>While an IO thread decodes a body, it holds what no budget has: the inflated body, a string of
 * it without its escapes, and a row that is being sorted or enlarged. For small bodies that is part
 * of the service itself. Of the others only so many are decoded at the same time as an eighth of
 * the heap has room for, but at least one.
 *
 * @param buffer bytes of requests that are being read or wait for their commit
 * @param largeBodies that are decoded at the same time
 * @param connections open at the same time
 * @param partialHeads those of the connections on which the head of a request is incomplete
 */
record HeapShare(long buffer, int largeBodies, int connections, int partialHeads) {
  private static final Logger log = LoggerFactory.getLogger(HeapShare.class);

  /** Used before the first request, by classes, metrics and the pool, and a reserve. */
  private static final long OWN_BYTES = 20 << 20;

  /** A writer's share of the ring, and the send buffer of its connection. */
  private static final long WRITER_BYTES = 4 << 20;

  /**
   * What decoding a large body takes, in bodies: three, and as arrays of a megabyte and more take
   * whole regions of the collector's, one more.
   */
  private static final long BODIES_IN_DECODING = 4;

  private static final int LARGE_BODIES_PART = 8;

  /** The objects of an idle connection: measured as 2 546 bytes. */
  private static final long CONNECTION_BYTES = 2_560;

  private static final int MAX_PARTIAL_HEADS = 1000;

  /**
   * @param heapBytes the maximum size of the heap
   * @param processors each has an IO thread
   * @throws StartException if not even the smallest buffer fits
   */
  static HeapShare of(Settings settings, long heapBytes, int processors) throws StartException {
    long own = OWN_BYTES + WRITER_BYTES * settings.writers();
    long decoding = BODIES_IN_DECODING * settings.maxBody();
    long fitting = Math.min(processors, (heapBytes - own) / LARGE_BODIES_PART / decoding);
    int largeBodies = (int) Math.max(1, fitting);
    long rest = Math.max(0, heapBytes - own - largeBodies * decoding);
    long buffer = Math.min(settings.maxBuffer(), rest / 2);
    if (buffer < SettingsOptions.BODIES_IN_BUFFER * settings.maxBody()) {
      throw new StartException(
          String.format(
              "a heap of %s is too small for --max_body %s and --writers %d; raise it by -Xmx to %s"
                  + " or more, or lower --max_body",
              mib(heapBytes),
              mib(settings.maxBody()),
              settings.writers(),
              mib(own + decoding + 2 * SettingsOptions.BODIES_IN_BUFFER * settings.maxBody())));
    }
    int connections = (int) Math.min(settings.maxConnections(), rest / 8 / CONNECTION_BYTES);
    int heads = (int) Math.min(MAX_PARTIAL_HEADS, rest / 8 / HttpServer.MAX_HEAD_HEAP_BYTES);
    return new HeapShare(buffer, largeBodies, Math.max(1, connections), Math.max(1, heads));
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
