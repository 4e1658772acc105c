package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class OutOfMemoryExitTest {
  private final OutOfMemoryError error = new OutOfMemoryError("of the test");

  private final List<Integer> exits = new ArrayList<>();
  private final List<Throwable> passedOn = new ArrayList<>();
  private final LoggerContext context = new LoggerContext();
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final OutOfMemoryExit exit =
      new OutOfMemoryExit(exits::add, (thread, thrown) -> passedOn.add(thrown));

  @BeforeEach
  void watch() {
    log.setContext(context);
    log.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(log);
    context.getLogger("io.undertow").setLevel(Level.WARN);
    exit.watch(context);
  }

  @Test
  void threadThatDiesOfIt_endsTheProcess() throws Exception {
    Thread thread =
        new Thread(
            () -> {
              throw error;
            });
    thread.setUncaughtExceptionHandler(exit);
    thread.start();
    thread.join();
    assertEquals(List.of(1), exits);
  }

  @Test
  void errorThatIsCaught_endsTheProcessWhenItIsLogged() {
    context.getLogger("org.xnio.nio").error("a task failed", new IllegalStateException(error));
    assertEquals(List.of(1), exits);
  }

  @Test
  void undertow_thatTellsOfItAtDebugOnly_endsTheProcess() {
    context.getLogger("io.undertow.request.io").debug("Failed to parse request", error);
    assertEquals(List.of(1), exits);
  }

  @Test
  void otherFailures_areNoneOfItsBusiness() {
    IllegalStateException other = new IllegalStateException("of the test");
    context.getLogger("io.undertow.request.io").debug("Failed to parse request", other);
    context.getLogger("io.undertow.request.io").warn("told", other);
    context.getLogger("attolytics").error("told, too", other);
    exit.uncaughtException(Thread.currentThread(), other);
    assertEquals(List.of(), exits);
    assertEquals(List.of(other), passedOn);
    assertEquals(
        List.of("told", "told, too"), log.list.stream().map(ILoggingEvent::getMessage).toList());
  }
}
