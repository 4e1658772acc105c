package attolytics.torture;

import attolytics.bench.process.ServiceProcess;
import attolytics.torture.Timeline.Effect;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An instance of the service, over all processes that it is in the course of a run, each with its
 * own log. Its faults come from one thread at a time; {@link #address} and {@link #close} are for
 * any.
 */
@SuppressWarnings("try") // the caller wants to know that it was interrupted
final class Instance implements AutoCloseable {
  /**
   * Where requests are sent.
   *
   * @param port 0 while there is none
   * @param generation how many times the instance had been started
   */
  record Address(int port, int generation) {}

  private static final long HURRY_MILLIS = 20;

  /** The database is never away for as many starts. */
  private static final int STARTS = 10;

  /** For how many times as long as a start takes the code is slow that was not compiled yet. */
  private static final int COLD = 3;

  private final int number;
  private final Proxy proxy;
  private final Path schema;
  private final String databaseUrl;
  private final List<String> options;
  private final Duration drainTimeout;
  private final Path logs;
  private final Timeline timeline;
  private final Findings findings;
  private final WriterShares shares;
  private final HttpClient admin = HttpClient.newHttpClient();
  private volatile Address address = new Address(0, 0);
  private volatile @Nullable ServiceProcess process;
  private boolean closed; // by the lock on this

  Instance(int number, Proxy proxy, Scene scene) {
    this.number = number;
    this.proxy = proxy;
    this.schema = scene.schema();
    this.databaseUrl = scene.database().url(proxy.port());
    this.options = scene.settings().instanceOptions();
    this.drainTimeout = scene.settings().drainTimeout();
    this.logs = scene.settings().out();
    this.timeline = scene.timeline();
    this.findings = scene.findings();
    this.shares = new WriterShares(scene.settings().writers());
  }

  int number() {
    return number;
  }

  Proxy proxy() {
    return proxy;
  }

  Address address() {
    return address;
  }

  /** The process that it is now, or was last. */
  ServiceProcess process() {
    ServiceProcess running = process;
    if (running == null) {
      throw new IllegalStateException(this + " was never started");
    }
    return running;
  }

  /** Starts it. Where the database keeps it from starting, once more, as a supervisor would. */
  void start() throws IOException, InterruptedException {
    int generation = address.generation();
    for (int attempt = 0; ; attempt++) {
      long began = System.nanoTime();
      ServiceProcess service =
          launch(logs.resolve(this + "-" + generation + "-" + attempt + ".log"));
      try {
        service.awaitAccepting();
        long started = System.nanoTime();
        long warm = started + COLD * (started - began);
        timeline.add(Effect.DATABASE_AWAY, number, started, warm);
        address = new Address(service.port(), generation + 1);
        return;
      } catch (IOException e) {
        service.kill();
        boolean excused =
            attempt < STARTS
                && (generation == 0 // the machine is too slow: no request has been sent yet
                    || timeline.felt(Effect.DATABASE_AWAY, number, began, System.nanoTime()))
                && service.awaitExit(Duration.ofSeconds(1)).orElse(0) == 1;
        if (!excused) {
          throw e;
        }
      }
    }
  }

  private synchronized ServiceProcess launch(Path log) throws IOException {
    if (closed) {
      throw new IOException(this + " is closed");
    }
    ServiceProcess service =
        ServiceProcess.launch(schema, databaseUrl, List.of("-Xmx256m"), options, log);
    process = service;
    return service;
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process().kill();
    process().awaitExit(Duration.ofSeconds(10));
    gone();
  }

  /**
   * SIGTERM; waits for the end, which has to be a clean one unless the database is in trouble.
   *
   * @param hurry whether to send a second one, after which the end may be none too clean
   */
  void terminate(boolean hurry) throws InterruptedException {
    long began = System.nanoTime();
    process().terminate();
    if (hurry) {
      Thread.sleep(HURRY_MILLIS); // two at once are one to the system
      process().terminate();
    }
    OptionalInt exitCode = process().awaitExit(drainTimeout.plusSeconds(10));
    String took = Duration.ofNanos(System.nanoTime() - began).toMillis() + " ms";
    if (exitCode.isEmpty()) {
      findings.add("a stop takes too long", this + ", " + took + "\n" + endOfLog());
      kill();
      return;
    }
    gone();
    long ended = System.nanoTime();
    boolean excused =
        hurry
            || timeline.felt(Effect.DATABASE_AWAY, number, began, ended)
            || timeline.feltByTables(Effect.TABLE_LOCKED, Database.ALL_TABLES, began, ended);
    if (exitCode.getAsInt() != 0 && !(excused && exitCode.getAsInt() == 1)) {
      findings.add(
          "a stop fails",
          this + " exited with " + exitCode.getAsInt() + " after " + took + "\n" + endOfLog());
    }
  }

  private void gone() {
    address = new Address(0, address.generation());
  }

  /** Whether the process is there, for all that it should be. */
  boolean isAlive() {
    return process().isAlive();
  }

  /** Why it is not ready, or null if it is. */
  @Nullable String unready() throws InterruptedException {
    try {
      HttpResponse<String> answer = get("/readyz");
      return answer.statusCode() == 200 ? null : answer.body().strip();
    } catch (IOException e) {
      return String.valueOf(e);
    }
  }

  /** Notes for how long each writer of the process has been busy by now. */
  void sampleWriters() throws IOException, InterruptedException {
    double[] busy = new double[shares.writers()];
    for (int writer = 0; writer < busy.length; writer++) {
      busy[writer] = metric("attolytics_writer_busy_seconds_total{writer=\"" + writer + "\"}");
    }
    shares.sample(address.generation(), busy);
  }

  WriterShares shares() {
    return shares;
  }

  /** The value of a metric, which is named with its labels. */
  double metric(String name) throws IOException, InterruptedException {
    return find(name).orElseThrow(() -> new IOException(this + " has no metric " + name));
  }

  /** The same of one that is there only after it was counted for the first time. */
  double metricOr0(String name) throws IOException, InterruptedException {
    return find(name).orElse(0);
  }

  private OptionalDouble find(String name) throws IOException, InterruptedException {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + process().adminPort() + path);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    return admin.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** What the service said last. */
  String endOfLog() {
    try (Stream<String> lines = Files.lines(process().log())) {
      List<String> all = lines.toList();
      return String.join("\n", all.subList(Math.max(0, all.size() - 15), all.size()));
    } catch (IOException | UncheckedIOException e) {
      return "no log: " + e.getMessage();
    }
  }

  /** Ends it whatever it does. */
  @Override
  public synchronized void close() throws InterruptedException {
    closed = true;
    ServiceProcess running = process;
    if (running != null) {
      running.kill();
      running.awaitExit(Duration.ofMillis(TimeUnit.SECONDS.toMillis(10)));
    }
  }

  @Override
  public String toString() {
    return "service-" + number;
  }
}
