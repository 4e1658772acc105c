package attolytics.torture;

import attolytics.torture.HttpConnection.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Sends requests on keep-alive connections, one to each instance. Used by one thread. */
final class Sender implements AutoCloseable {
  /** How much longer than an answer may take it is waited for: instances freeze for a while. */
  private static final Duration MORE = Duration.ofSeconds(15);

  private static final int MAX_LEAVING_MILLIS = 20;
  private static final Pattern PROBLEM =
      Pattern.compile("\"type\":\"urn:attolytics:problem:([a-z_]+)\"");

  private final List<Instance> instances;
  private final Findings findings;
  private final Tally tally;
  private final Random random;
  private final Duration patience;
  private final @Nullable HttpConnection[] connections;
  private final int[] generations;

  Sender(Scene scene, Random random) {
    this.instances = scene.instances();
    this.findings = scene.findings();
    this.tally = scene.tally();
    this.random = random;
    this.patience = scene.settings().ackTimeout().plus(scene.settings().slack()).plus(MORE);
    this.connections = new HttpConnection[Scene.INSTANCES];
    this.generations = new int[Scene.INSTANCES];
  }

  /**
   * Sends the request once and waits for what comes of it.
   *
   * @param leave whether to leave without waiting
   */
  Attempt send(Request request, int instance, boolean leave) {
    Instance.Address address = instances.get(instance).address();
    Sending sending = new Sending(instance, address.generation());
    Attempt attempt;
    try {
      HttpConnection connection = connection(instance, address);
      if (connection == null) {
        attempt = sending.ended(Attempt.REFUSED, "");
      } else {
        attempt = exchange(request, instance, connection, sending, leave);
      }
    } catch (IOException e) {
      attempt = sending.ended(Attempt.REFUSED, "");
    }
    request.attempted(attempt);
    tally.attempted(attempt);
    return attempt;
  }

  private @Nullable HttpConnection connection(int instance, Instance.Address address)
      throws IOException {
    HttpConnection open = connections[instance];
    if (open != null
        && !open.isStale()
        && generations[instance] == address.generation()
        && address.port() != 0) {
      return open;
    }
    close(instance);
    if (address.port() == 0) {
      return null;
    }
    HttpConnection opened = new HttpConnection(address.port(), patience);
    connections[instance] = opened;
    generations[instance] = address.generation();
    return opened;
  }

  private Attempt exchange(
      Request request, int instance, HttpConnection connection, Sending sending, boolean leave) {
    boolean keep = false;
    try {
      if (connection.hasUnread()) {
        findings.add("an answer that nobody asked for", "service-" + instance);
      }
      byte[] message = message(request);
      if (request.kind() == Request.Kind.HALF) {
        connection.send(message, 0, message.length - 1 - random.nextInt(message.length / 2));
        return sending.ended(Attempt.HALF_SENT, "");
      }
      connection.send(message, 0, message.length);
      sending.written = System.nanoTime();
      if (leave) {
        Thread.sleep(random.nextInt(MAX_LEAVING_MILLIS));
        return sending.ended(Attempt.LEFT, "");
      }
      Answer answer = connection.receive();
      keep = !"close".equalsIgnoreCase(answer.headers().get("connection"));
      return answered(request, sending, answer);
    } catch (SocketTimeoutException e) {
      return sending.ended(Attempt.TIMED_OUT, "");
    } catch (IOException e) {
      return sending.ended(Attempt.BROKEN, String.valueOf(e.getMessage()).intern());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return sending.ended(Attempt.LEFT, "");
    } finally {
      if (!keep) {
        close(instance);
      }
    }
  }

  private Attempt answered(Request request, Sending sending, Answer answer) {
    boolean ok = answer.status() == 200;
    Matcher problem = PROBLEM.matcher(answer.body());
    boolean isProblem =
        "application/problem+json".equals(answer.headers().get("content-type")) && problem.find();
    if (ok ? !hasForm(request.handling(), answer) : !isProblem) {
      findings.add("an answer of another form", "request " + request.id() + ": " + answer);
    }
    boolean replayed = "true".equals(answer.headers().get("idempotency-replayed"));
    int retryAfter = Integer.parseInt(answer.headers().getOrDefault("retry-after", "-1"));
    return sending.ended(
        answer.status(),
        isProblem ? problem.group(1).intern() : "",
        replayed,
        retryAfter,
        ok ? answer.body() : "");
  }

  /** Whether a 200 looks as it has to. */
  private static boolean hasForm(Handling handling, Answer answer) {
    Map<String, String> headers = answer.headers();
    if (!handling.isLenient()) {
      return answer.body().isEmpty() && !headers.containsKey("preference-applied");
    }
    if (answer.body().isEmpty()) {
      return true; // while the quarantine was full, which the oracle looks at
    }
    return LenientAnswer.parse(answer.body()) != null
        && "application/json".equals(headers.get("content-type"))
        && Objects.equals(headers.get("preference-applied"), handling.preference());
  }

  /** Compressed or not, which makes no difference to a key. */
  private byte[] message(Request request) {
    boolean compressed = random.nextInt(8) == 0;
    byte[] body = compressed ? gzip(request.body()) : request.body();
    String key = request.key();
    String preference = request.handling().preference();
    String head =
        "POST /apps/"
            + request.handling().app()
            + "/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + (compressed ? "Content-Encoding: gzip\r\n" : "")
            + (key == null ? "" : "Idempotency-Key: " + key + "\r\n")
            + (preference == null ? "" : "Prefer: " + preference + "\r\n")
            + "Content-Length: "
            + body.length
            + "\r\n\r\n";
    byte[] message = new byte[head.length() + body.length];
    System.arraycopy(head.getBytes(StandardCharsets.US_ASCII), 0, message, 0, head.length());
    System.arraycopy(body, 0, message, head.length(), body.length);
    return message;
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return compressed.toByteArray();
  }

  private void close(int instance) {
    HttpConnection open = connections[instance];
    if (open != null) {
      open.close();
      connections[instance] = null;
    }
  }

  @Override
  public void close() {
    for (int instance = 0; instance < connections.length; instance++) {
      close(instance);
    }
  }

  /** An attempt in the making. */
  private static final class Sending {
    private final int instance;
    private final int generation;
    private final long from = System.nanoTime();
    private long written;

    Sending(int instance, int generation) {
      this.instance = instance;
      this.generation = generation;
    }

    Attempt ended(int status, String reason) {
      return ended(status, reason, false, -1, "");
    }

    Attempt ended(int status, String reason, boolean replayed, int retryAfter, String body) {
      return new Attempt(
          instance,
          generation,
          from,
          written,
          System.nanoTime(),
          status,
          reason,
          replayed,
          retryAfter,
          body);
    }
  }
}
