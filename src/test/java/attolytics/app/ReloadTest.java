package attolytics.app;

import attolytics.flush.Await;
import attolytics.metrics.PrometheusMetrics;
import attolytics.schema.Schema;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class ReloadTest {
  private static final String URL = "postgres://user@localhost/nowhere";
  private static final String SCHEMA =
      """
      tables: {t: {columns: [{name: s}]}}
      apps: {a: {secret_key: env:KEY, tables: [t]}}
      """;

  @TempDir Path directory;

  static Stream<Throwable> failures() {
    return Stream.of(new StackOverflowError(), new OutOfMemoryError("of the test"));
  }

  /** It comes to neither the handler nor the partitions. */
  @SuppressWarnings("NullAway")
  @ParameterizedTest
  @MethodSource("failures")
  void reload_thatEndsWithAnError_isCountedAndTheNextIsHeeded(Throwable failure) throws Exception {
    Path file = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    Settings settings = CommandResult.settings("--schema=" + file, "--db_url=" + URL);
    Schema first = StartSteps.readSchema(settings, Map.of("KEY", "sesame"));
    PrometheusMetrics metrics = new PrometheusMetrics(Set.of(), List.of(), List.of(), List.of());
    Reload reload =
        new Reload(
            settings,
            failing((Error) failure),
            first,
            DatabaseUrl.parse(URL),
            null,
            null,
            InstantSource.system(),
            metrics,
            Systemd.of(Map.of()),
            new CountDownLatch(1));
    Semaphore asked = new Semaphore(0);
    Thread thread = reload.whenever(asked);
    for (int i = 1; i <= 2; i++) {
      asked.release();
      double expected = i;
      Await.until(() -> refused(metrics) == expected);
    }
    thread.interrupt();
    thread.join();
  }

  private static double refused(PrometheusMetrics metrics) {
    return metrics
        .registry()
        .get("attolytics.schema.reloads")
        .tag("outcome", "refused")
        .counter()
        .count();
  }

  /** An environment in which nothing can be looked up. */
  private static Map<String, String> failing(Error failure) {
    return new AbstractMap<>() {
      @Override
      public String get(Object key) {
        throw failure;
      }

      @Override
      public Set<Entry<String, String>> entrySet() {
        throw failure;
      }
    };
  }
}
