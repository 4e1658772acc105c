package attolytics.app;

import attolytics.settings.Redaction;
import attolytics.settings.StartException;
import java.io.File;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies systemd of the service's state, if systemd has started it. Thread-safe.
 *
 * @see <a
 *     href="https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html">sd_notify</a>
 */
final class Systemd implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Systemd.class);

  private final @Nullable AFUNIXDatagramChannel channel;
  private final @Nullable Duration watchdogTimeout;
  private @Nullable String status;

  private Systemd(@Nullable AFUNIXDatagramChannel channel, @Nullable Duration watchdogTimeout) {
    this.channel = channel;
    this.watchdogTimeout = watchdogTimeout;
  }

  /**
   * @param environment of the process; without {@code NOTIFY_SOCKET} nothing is sent
   */
  static Systemd of(Map<String, String> environment) {
    String name = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (name.isEmpty()) {
      return new Systemd(null, null);
    }
    try {
      return new Systemd(connect(address(name)), watchdogTimeout(environment));
    } catch (IOException | LinkageError e) {
      log.warn("Cannot connect to the notification socket of systemd {}: {}", name, e.getMessage());
      return new Systemd(null, null);
    }
  }

  /** Has {@code systemctl status} show why the start failed: its first problem. */
  static void reportFailure(Map<String, String> environment, StartException e) {
    try (Systemd systemd = of(environment)) {
      String problem = Redaction.redact(e.problems().get(0));
      systemd.status("the start failed: " + problem.replaceAll("\\s*\\R\\s*", " "));
    }
  }

  private static AFUNIXDatagramChannel connect(SocketAddress address) throws IOException {
    AFUNIXDatagramChannel channel = AFUNIXDatagramChannel.open();
    try {
      channel.configureBlocking(false); // systemd may not read, and the service has to go on
      channel.connect(address);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static SocketAddress address(String name) throws IOException {
    return name.startsWith("@")
        ? AFUNIXSocketAddress.inAbstractNamespace(name.substring(1))
        : AFUNIXSocketAddress.of(new File(name));
  }

  private static @Nullable Duration watchdogTimeout(Map<String, String> environment) {
    String pid = environment.getOrDefault("WATCHDOG_PID", "");
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    boolean applies = pid.isEmpty() || pid.equals(Long.toString(ProcessHandle.current().pid()));
    try {
      return applies && !micros.isEmpty() ? Duration.ofNanos(1_000 * Long.parseLong(micros)) : null;
    } catch (NumberFormatException e) {
      log.warn("WATCHDOG_USEC is not a number: {}", micros);
      return null;
    }
  }

  /** Whether systemd has started this process and wants notifications. */
  boolean isEnabled() {
    return channel != null;
  }

  /** Within what time of the last {@link #feedWatchdog} the next is due; null: no watchdog. */
  @Nullable Duration watchdogTimeout() {
    return watchdogTimeout;
  }

  /** The start, or a reload, is complete. */
  void ready() {
    send("READY=1");
  }

  /** A reload begins; {@link #ready} ends it. */
  void reloading() {
    // The clock that systemd compares with is the one behind nanoTime on Linux.
    send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1_000);
  }

  /** The stop begins. */
  void stopping() {
    send("STOPPING=1");
  }

  /** Allows the start, or the stop, this time from now on. */
  void extendTimeout(Duration time) {
    send("EXTEND_TIMEOUT_USEC=" + time.toNanos() / 1_000);
  }

  /** The service makes progress. */
  void feedWatchdog() {
    send("WATCHDOG=1");
  }

  /** The line that {@code systemctl status} shows. Sent if it has changed. */
  synchronized void status(String line) {
    if (!line.equals(status)) {
      status = line;
      send("STATUS=" + line);
    }
  }

  private synchronized void send(String state) {
    if (channel != null && channel.isOpen()) {
      try {
        if (channel.write(ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8))) == 0) {
          log.warn("Cannot notify systemd: it does not read its notification socket");
        }
      } catch (ClosedChannelException e) {
        log.debug("No longer connected to systemd", e); // a stop has interrupted this thread
      } catch (IOException e) {
        log.warn("Cannot notify systemd: {}", e.getMessage());
      }
    }
  }

  @Override
  public synchronized void close() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        log.debug("Cannot close the notification socket of systemd", e);
      }
    }
  }
}
