package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Ring;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.metrics.Metrics;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A writer whose database is away, and who has troubles of its own. */
@Timeout(300)
class WriterTest {
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final AtomicReference<String> failing = new AtomicReference<>("");
  private final Ring ring = new Ring(64);
  private HikariDataSource nowhere;
  private Writer writer;
  private Thread thread;

  @BeforeEach
  void create() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:postgresql://127.0.0.1:1/none");
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(250);
    nowhere = new HikariDataSource(config);
    writer =
        Writer.share(
                ring,
                1,
                nowhere,
                OutcomeLookup.BY_TRANSACTION,
                new Thresholds(1000, 1 << 20, Duration.ofMillis(50)),
                Duration.ofMillis(300),
                Long.MAX_VALUE,
                Duration.ofDays(7),
                metrics(),
                status -> 0)
            .get(0);
    thread = new Thread(writer, "writer-of-the-test");
  }

  @AfterEach
  void stop() throws Exception {
    writer.abandon();
    thread.join();
    nowhere.close();
  }

  /** Measures nothing, and fails once where it is told to. */
  private Metrics metrics() {
    return (Metrics)
        Proxy.newProxyInstance(
            Metrics.class.getClassLoader(),
            new Class<?>[] {Metrics.class},
            (self, method, arguments) -> {
              if (method.getName().equals(failing.get())) {
                failing.set("");
                throw new OutOfMemoryError("of the test");
              }
              return null;
            });
  }

  private void offer(String name) {
    Batch batch = new Batch(100);
    batch.identify(new IdempotencyKey("a", name, new byte[0]));
    batch.accept(outcome -> told.add(name + " " + outcome.kind()), System.nanoTime());
    assertTrue(ring.offer(batch));
  }

  private List<String> nextTold() throws InterruptedException {
    String first = told.poll(30, TimeUnit.SECONDS);
    String second = told.poll(30, TimeUnit.SECONDS);
    assertTrue(first != null && second != null, "nobody is told anything");
    return first.compareTo(second) < 0 ? List.of(first, second) : List.of(second, first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"flushStarted", "flushFailed"})
  void ownFailure_isAnswered_andTheNextRequestsAreServed(String where) throws Exception {
    failing.set(where);
    offer("one");
    offer("two");
    thread.start();
    assertEquals(List.of("one UNKNOWN", "two UNKNOWN"), nextTold());
    offer("three");
    offer("zero");
    assertEquals(List.of("three UNAVAILABLE", "zero UNAVAILABLE"), nextTold());
    Eventually.await(() -> !writer.failed() && ring.usedRows() == 0 && writer.deferredRows() == 0);
    assertTrue(told.isEmpty(), told::toString);
  }
}
