package attolytics.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.xnio.StreamConnection;
import org.xnio.channels.AcceptingChannel;

class HttpServerTest {
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @BeforeEach
  void listen() {
    logged.start();
    root.addAppender(logged);
  }

  @AfterEach
  void stop() {
    root.detachAppender(logged);
  }

  @Test
  void accept_atTheCloseOfThePort_isNoError() {
    accept(new ClosedChannelException());
    assertEquals(0, errors());
  }

  @Test
  void accept_thatFailsOtherwise_isAnError() {
    accept(new IOException("Too many open files"));
    assertEquals(1, errors());
  }

  @SuppressWarnings("unchecked") // the generic interface of a proxy
  private static void accept(IOException failure) {
    HttpServer.accept(
        (AcceptingChannel<StreamConnection>)
            Proxy.newProxyInstance(
                HttpServerTest.class.getClassLoader(),
                new Class<?>[] {AcceptingChannel.class},
                (self, method, arguments) -> {
                  throw failure;
                }),
        connection -> fail("there is none"));
  }

  private long errors() {
    return logged.list.stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .count();
  }
}
