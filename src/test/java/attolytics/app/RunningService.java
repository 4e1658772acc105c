package attolytics.app;

import attolytics.Eventually;
import attolytics.OpenApi;
import attolytics.TestDatabase;
import attolytics.settings.Settings;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** The service in this JVM, on free ports and a database of its own, with ways to talk to both. */
public final class RunningService implements AutoCloseable {
  private final TestDatabase database;
  private final Service service;
  private final Path schema;
  private final Semaphore reloads = new Semaphore(0);
  private final HttpClient client = HttpClient.newHttpClient();

  private RunningService(TestDatabase database, Service service, Path schema) {
    this.database = database;
    this.service = service;
    this.schema = schema;
    service.reloadOn(reloads);
  }

  /**
   * Starts a service.
   *
   * @param setup SQL that is run before, or empty
   * @param options as on the command line
   */
  public static RunningService start(String schema, String setup, String... options)
      throws Exception {
    TestDatabase database = TestDatabase.create();
    database.execute(setup);
    return start(database, schema, options);
  }

  /** Starts a service on a database that may have others; the last one to close drops it. */
  public static RunningService start(TestDatabase database, String schema, String... options)
      throws Exception {
    return startAt(database.url(), database, schema, options);
  }

  /** Starts a service that goes by another clock. */
  public static RunningService start(
      TestDatabase database, String schema, InstantSource clock, String... options)
      throws Exception {
    return startAt(database.url(), database, schema, clock, options);
  }

  /** Starts a service that goes another way to the database. */
  public static RunningService startAt(
      String databaseUrl, TestDatabase database, String schema, String... options)
      throws Exception {
    return startAt(databaseUrl, database, schema, InstantSource.system(), options);
  }

  /** Does both. */
  public static RunningService startAt(
      String databaseUrl,
      TestDatabase database,
      String schema,
      InstantSource clock,
      String... options)
      throws Exception {
    Path file = Files.createTempFile("schema", ".yaml");
    Files.writeString(file, schema);
    String[] all = Arrays.copyOf(options, options.length + 4);
    System.arraycopy(
        new String[] {"--schema=" + file, "--port=0", "--admin_port=0", "--db_url=" + databaseUrl},
        0,
        all,
        options.length,
        4);
    Settings parsed = CommandResult.settings(all);
    Service service = Service.start(parsed, Map.of(), new CountDownLatch(1), clock);
    return new RunningService(database, service, file);
  }

  /** Has the service take over another schema file, and waits until that is done. */
  public void reload(String replacement) throws Exception {
    String done = "attolytics_schema_reloads_total{outcome=\"done\"}";
    double before = metric(done);
    Files.writeString(schema, replacement);
    reloads.release();
    Eventually.await(() -> metric(done) > before);
  }

  public Service service() {
    return service;
  }

  public TestDatabase database() {
    return database;
  }

  /** A POST of events of the app {@code a}. */
  public HttpResponse<String> post(String events) throws Exception {
    return send(request(events));
  }

  public CompletableFuture<HttpResponse<String>> postAsync(String events) {
    return sendAsync(request(events));
  }

  /** A POST of events of the app {@code a} under an Idempotency-Key. */
  public HttpResponse<String> post(String key, String events) throws Exception {
    return postAsync(key, events).get();
  }

  public CompletableFuture<HttpResponse<String>> postAsync(String key, String events) {
    return sendAsync(request(events).header("Idempotency-Key", key));
  }

  private HttpRequest.Builder request(String events) {
    return to("/apps/a/events")
        .header("Content-Type", "application/json")
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"secret_key\":\"sesame\",\"events\":[" + events + "]}"));
  }

  public HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return described(client.send(request.build(), HttpResponse.BodyHandlers.ofString()));
  }

  public CompletableFuture<HttpResponse<String>> sendAsync(HttpRequest.Builder request) {
    return client
        .sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
        .thenApply(RunningService::described);
  }

  /** Whatever a test makes the service answer, the description has to know of it. */
  private static HttpResponse<String> described(HttpResponse<String> answer) {
    OpenApi.description().assertDescribes(answer);
    return answer;
  }

  /** A request to the public port. */
  public HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://localhost:" + service.port() + path))
        .timeout(Duration.ofSeconds(60));
  }

  public String admin(String path) throws Exception {
    URI uri = URI.create("http://localhost:" + service.adminPort() + path);
    return client
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** The value of a metric, spelt with its labels; 0 if there is none. */
  public double metric(String name) throws Exception {
    return admin("/metrics")
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(0);
  }

  /** Sends bytes, and returns all that comes back until the service closes or is silent. */
  public String raw(String request, boolean halfClose) throws IOException {
    return raw(request.getBytes(StandardCharsets.UTF_8), halfClose);
  }

  /** The same, byte by byte. */
  public String raw(byte[] request, boolean halfClose) throws IOException {
    try (Socket socket = new Socket("localhost", service.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request);
      socket.getOutputStream().flush();
      if (halfClose) {
        socket.shutdownOutput();
      }
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** The first column of the first row. */
  public String query(String sql) throws SQLException {
    return database.value(sql);
  }

  public void execute(String sql) throws SQLException {
    database.execute(sql);
  }

  @Override
  public void close() throws SQLException {
    service.stop();
    database.close();
  }
}
