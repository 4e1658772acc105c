package attolytics.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.HeadlessBrowser;
import attolytics.TestDatabase;
import attolytics.app.JarProcess;
import com.microsoft.playwright.Page;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;

/**
 * All clients track events, at the same time, while answers are lost, the service is stopped and
 * killed, and the network is cut. In the end each event has to be in the database once.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class ClientsIT {
  private static final String SCHEMA =
      """
      tables:
        events: {columns: [{name: client}, {name: n, type: i32}, {name: pad}]}
      apps:
        app: {secret_key: sesame, tables: [events]}
      """;

  /**
   * A client at work.
   *
   * @param finish stops tracking, waits until the queue is empty, and returns the numbers of the
   *     events that were tracked
   */
  private record Running(ServiceLink link, Callable<List<Integer>> finish) {}

  private interface Start {
    Callable<List<Integer>> start(String url) throws Exception;
  }

  private final Map<String, Running> clients = new HashMap<>();
  private final Map<String, TestAbortedException> missing = new HashMap<>();
  private final Map<String, List<Integer>> tracked = new HashMap<>();
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private TestDatabase database;
  private Path directory;
  private TrackerProcess python;

  @BeforeAll
  void trackWhileTheServiceFails(@TempDir Path directory) throws Exception {
    this.directory = directory;
    database = closeAtEnd(TestDatabase.create());
    JarProcess first = startService();
    start("browser", this::startBrowser);
    start("node", this::startNode);
    start("python", this::startPython);
    leadTo(first);
    JarProcess second = startService();
    loseAnswers();
    assertEquals(0, first.stop());
    leadTo(second);
    JarProcess third = startService();
    second.kill();
    leadTo(third);
    cutNetwork();
    for (Map.Entry<String, Running> client : clients.entrySet()) {
      tracked.put(client.getKey(), client.getValue().finish.call());
    }
  }

  private void start(String name, Start client) throws Exception {
    ServiceLink link = closeAtEnd(new ServiceLink());
    try {
      clients.put(name, new Running(link, client.start(link.url())));
    } catch (TestAbortedException e) {
      missing.put(name, e);
    }
  }

  private Callable<List<Integer>> startBrowser(String url) throws Exception {
    TrackingSite site = closeAtEnd(new TrackingSite());
    Page page = closeAtEnd(HeadlessBrowser.open()).newPage();
    page.navigate(site.page(url, 100));
    page.evaluate("() => { n = 0; timer = setInterval(() => track(n++, 1), 5); }");
    return () -> {
      page.evaluate("() => { clearInterval(timer); return client.flush(); }");
      assertEquals(List.of(), page.evaluate("dropped"));
      return IntStream.range(0, (Integer) page.evaluate("n")).boxed().toList();
    };
  }

  private Callable<List<Integer>> startNode(String url) throws Exception {
    Interpreter node = Interpreter.node();
    return closeAtEnd(new TrackerProcess(node, directory, "tracker.mjs", url))::finish;
  }

  private Callable<List<Integer>> startPython(String url) throws Exception {
    Path queue = directory.resolve("queue.db");
    python =
        closeAtEnd(
            new TrackerProcess(Interpreter.python(), directory, "tracker.py", url, queue, 0));
    return python::finish;
  }

  /** Starts one that is ready to take over: so clients find none for a short while only. */
  private JarProcess startService() throws Exception {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    JarProcess service =
        closeAtEnd(
            JarProcess.start(
                Map.of("ATTOLYTICS_DB_URL", database.url()),
                "--schema=" + schema,
                "--port=0",
                "--admin_port=0"));
    service.port(); // it takes requests
    return service;
  }

  /** Leads the clients to a service, after all of them have found none. */
  private void leadTo(JarProcess service) throws Exception {
    awaitEach("finds no service", ServiceLink::refused);
    for (Running client : clients.values()) {
      client.link.leadTo(service.port());
    }
    awaitEach("stores events", ServiceLink::delivered);
  }

  /** What a client does not get an answer to is stored all the same. */
  private void loseAnswers() throws Exception {
    clients.values().forEach(client -> client.link.loseAnAnswer());
    awaitEach("has lost an answer", ServiceLink::lost);
    awaitEach("has repeated the request", ServiceLink::replayed);
  }

  private void cutNetwork() throws Exception {
    for (Running client : clients.values()) {
      client.link.cut();
    }
    awaitEach("is cut off", ServiceLink::refused);
    if (python != null) {
      python.restart();
    }
    clients.values().forEach(client -> client.link.restore());
    awaitEach("stores events again", ServiceLink::delivered);
  }

  /** Waits until this has happened to each client. */
  private void awaitEach(String what, ToIntFunction<ServiceLink> count) throws Exception {
    for (Map.Entry<String, Running> client : clients.entrySet()) {
      ServiceLink link = client.getValue().link;
      Eventually.await(client.getKey() + " " + what, () -> count.applyAsInt(link) > 0);
    }
  }

  private <T extends AutoCloseable> T closeAtEnd(T resource) {
    toClose.add(0, resource);
    return resource;
  }

  @AfterAll
  void close() throws Exception {
    for (AutoCloseable resource : toClose) {
      resource.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"browser", "node", "python"})
  void events_areStoredOnce(String client) throws Exception {
    TestAbortedException skipped = missing.get(client);
    if (skipped != null) {
      throw skipped;
    }
    List<Integer> expected = Objects.requireNonNull(tracked.get(client));
    assertTrue(expected.size() > 100, () -> expected.size() + " events");
    List<Integer> stored = stored(client);
    if (client.equals("python")) {
      stored.removeAll(python.unknown());
    }
    assertEquals(expected, stored);
  }

  private List<Integer> stored(String client) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT n FROM events WHERE client = '" + client + "' ORDER BY n")) {
      List<Integer> numbers = new ArrayList<>();
      while (rows.next()) {
        numbers.add(rows.getInt(1));
      }
      return numbers;
    }
  }
}
