package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.http.server.Limits;
import attolytics.metrics.PrometheusMetrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.settings.TrustedProxies;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.Xnio;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;

@Timeout(300)
class IoThreadContextsTest {
  /** Runs tasks in the thread that submits them, or keeps them. */
  private static final class FakeIoThread extends XnioIoThread {
    private final List<Runnable> kept = new ArrayList<>();
    private boolean busy;
    private Runnable beforeTask = () -> {};

    FakeIoThread(XnioWorker worker) {
      super(worker, 0);
    }

    @Override
    public void execute(Runnable task) {
      beforeTask.run();
      if (busy) {
        kept.add(task);
      } else {
        task.run();
      }
    }

    @Override
    public Key executeAfter(Runnable task, long time, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Key executeAtInterval(Runnable task, long time, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }
  }

  private static final Limits LIMITS =
      new Limits(1 << 10, 2, 10, 10, Duration.ZERO, Duration.ZERO, Duration.ZERO);

  private XnioWorker worker;
  private IoThreadContexts contexts;

  @BeforeEach
  void start() throws Exception {
    worker =
        Xnio.getInstance()
            .createWorker(OptionMap.builder().set(Options.WORKER_IO_THREADS, 1).getMap());
    contexts =
        new IoThreadContexts(
            new IngestContext(
                new Ring(8),
                new Budget(1 << 20),
                LIMITS,
                new PrometheusMetrics(Set.of(), Set.of(), Set.of(), Set.of()),
                TrustedProxies.LOOPBACK,
                InstantSource.system(),
                app -> false,
                new RecentRefusals(),
                new RecentOutages()));
  }

  @AfterEach
  void stop() {
    worker.shutdownNow();
  }

  private FakeIoThread started() {
    FakeIoThread thread = new FakeIoThread(worker);
    contexts.of(thread);
    return thread;
  }

  @Test
  void runOnEach_runsOnEachIoThread() throws Exception {
    Set<IoThreadContext> expected = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      expected.add(contexts.of(started()));
    }
    Set<IoThreadContext> ran = new HashSet<>();
    assertTrue(contexts.runOnEach(ran::add, () -> false));
    assertEquals(expected, ran);
  }

  @Test
  void runOnEach_waitsForBusyIoThread() throws Exception {
    FakeIoThread busy = started();
    busy.busy = true;
    assertFalse(contexts.runOnEach(context -> {}, () -> true));
    assertTrue(
        contexts.runOnEach(
            context -> {},
            () -> {
              busy.kept.forEach(Runnable::run);
              busy.kept.clear();
              return false;
            }));
  }

  /** Those that start meanwhile must not be counted in place of one that is busy. */
  @Test
  void runOnEach_waitsForBusyIoThread_whileOthersStart() throws Exception {
    FakeIoThread busy = started();
    busy.busy = true;
    busy.beforeTask =
        () -> {
          for (int i = 0; i < 64; i++) { // so that the iteration reaches some of them
            started();
          }
        };
    assertFalse(contexts.runOnEach(context -> {}, () -> true));
  }
}
