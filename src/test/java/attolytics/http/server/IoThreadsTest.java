package attolytics.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.Xnio;
import org.xnio.XnioWorker;

@Timeout(300)
class IoThreadsTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private XnioWorker worker;
  private IoThreads threads;

  @BeforeEach
  void start() throws Exception {
    worker =
        Xnio.getInstance()
            .createWorker(OptionMap.builder().set(Options.WORKER_IO_THREADS, 2).getMap());
    threads = IoThreads.of(worker);
  }

  @AfterEach
  void stop() {
    worker.shutdownNow();
  }

  @Test
  void of_findsIoThreadsAndAcceptThread() {
    assertEquals(3, threads.count());
    threads.ask();
    assertNull(threads.trouble(LONG));
  }

  @Test
  void trouble_endsWhenTheThreadRunsTasksAgain() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    worker
        .getIoThread(0)
        .execute(
            () -> {
              try {
                end.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    threads.ask();
    Duration silence = Duration.ofMillis(20);
    while (threads.trouble(silence) == null) {
      Thread.onSpinWait();
    }
    String trouble = String.valueOf(threads.trouble(silence));
    // The same as long as it lasts: each other text would be a change of state in the log.
    assertTrue(trouble.endsWith(" is stuck for 0 s or more"), trouble);
    end.countDown();
    while (threads.trouble(LONG) != null) {
      threads.ask();
    }
  }

  @Test
  void trouble_isReportedIfAThreadHasEnded() throws Exception {
    worker.shutdownNow();
    worker.awaitTermination();
    String trouble = threads.trouble(LONG);
    while (trouble == null) {
      trouble = threads.trouble(LONG);
    }
    assertNotNull(trouble);
    assertTrue(trouble.endsWith("has ended"), trouble);
  }
}
