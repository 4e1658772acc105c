package attolytics.app;

import attolytics.Eventually;
import attolytics.metrics.PrometheusMetrics;
import attolytics.schema.Schema;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
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
import org.slf4j.LoggerFactory;

@Timeout(300)
class ReloadTest {
  private static final String URL = "postgres://user@localhost/nowhere";
  private static final String SCHEMA =
      """
      tables: {t: {columns: [{name: s}]}}
      apps: {a: {secret_key: env:KEY, tables: [t]}}
      """;

  @TempDir Path directory;

  static Stream<Error> failures() {
    return Stream.of(new StackOverflowError(), new OutOfMemoryError("of the test"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void reload_thatThrowsAnError_isCounted_andTheNextTakesPlace(Error failure) throws Exception {
    assertReloadsAreCounted(failing(failure));
  }

  /** A secret key that is not in the environment is a reason to refuse the file. */
  @ParameterizedTest
  @MethodSource("failures")
  void reload_whoseRefusalCannotBeLogged_isCounted_andTheNextTakesPlace(Error failure)
      throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(Reload.class);
    Appender<ILoggingEvent> broken = new FailingAppender(failure);
    log.addAppender(broken);
    try {
      assertReloadsAreCounted(Map.of());
    } finally {
      log.detachAppender(broken);
    }
  }

  /** No reload here gets as far as the handler and the partitions. */
  @SuppressWarnings("NullAway")
  private void assertReloadsAreCounted(Map<String, String> environment) throws Exception {
    Path file = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    Settings settings = CommandResult.settings("--schema=" + file, "--db_url=" + URL);
    Schema first = StartSteps.readSchema(settings, Map.of("KEY", "sesame"));
    PrometheusMetrics metrics = new PrometheusMetrics(Set.of(), List.of(), List.of(), List.of());
    Reload reload =
        new Reload(
            settings,
            environment,
            first,
            DatabaseUrl.parse(URL),
            null,
            null,
            InstantSource.system(),
            metrics,
            Systemd.of(Map.of()),
            new CountDownLatch(1));
    Semaphore requests = new Semaphore(0);
    Thread thread = reload.start(requests);
    for (int i = 1; i <= 2; i++) {
      requests.release();
      double expected = i;
      Eventually.await(() -> refused(metrics) == expected);
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

  private static final class FailingAppender extends AppenderBase<ILoggingEvent> {
    private final Error failure;

    FailingAppender(Error failure) {
      this.failure = failure;
      start();
    }

    @Override
    protected void append(ILoggingEvent event) {
      throw failure;
    }
  }
}
