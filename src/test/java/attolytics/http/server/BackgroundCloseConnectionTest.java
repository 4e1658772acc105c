package attolytics.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xnio.ChannelPipe;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioWorker;

@Timeout(30)
class BackgroundCloseConnectionTest {
  private XnioWorker worker;
  private StreamConnection socket;
  private StreamConnection client;
  private StreamConnection connection;
  private final CompletableFuture<Thread> socketClosed = new CompletableFuture<>();
  private final CompletableFuture<Thread> connectionClosed = new CompletableFuture<>();

  @BeforeEach
  void connect() throws Exception {
    worker =
        Xnio.getInstance()
            .createWorker(
                OptionMap.create(
                    Options.WORKER_IO_THREADS, 1, Options.WORKER_TASK_CORE_THREADS, 1));
    ChannelPipe<StreamConnection, StreamConnection> pipe = worker.createFullDuplexPipeConnection();
    socket = pipe.getLeftSide();
    client = pipe.getRightSide();
    connection = new BackgroundCloseConnection(socket);
    socket.setCloseListener(closed -> socketClosed.complete(Thread.currentThread()));
    connection.setCloseListener(closed -> connectionClosed.complete(Thread.currentThread()));
  }

  @AfterEach
  void stop() {
    IoUtils.safeClose(client);
    worker.shutdownNow();
  }

  @Test
  void close_closesTheSocketByAnotherThread_andCallsTheListenerByThisOne() throws Exception {
    onIoThread(
        () -> {
          connection.close();
          assertFalse(connection.isOpen());
          assertEquals(-1, connection.getSourceChannel().read(ByteBuffer.allocate(1)));
          return null;
        });
    assertClosedInBackground();
  }

  @Test
  void close_afterTheEndOfTheAnswer_closesTheSocketByAnotherThread() throws Exception {
    onIoThread(
        () -> {
          connection.getSinkChannel().shutdownWrites();
          connection.getSinkChannel().flush();
          connection.close();
          return null;
        });
    assertClosedInBackground();
  }

  private void assertClosedInBackground() throws Exception {
    assertNotSame(connection.getIoThread(), socketClosed.get());
    assertSame(connection.getIoThread(), connectionClosed.get());
    // As soon as the selector has forgotten the socket.
    Eventually.await(() -> client.getSourceChannel().read(ByteBuffer.allocate(1)) < 0);
  }

  @Test
  void close_endsReads_whateverTheSocketStillHas() throws Exception {
    assertEquals(1, client.getSinkChannel().write(ByteBuffer.allocate(1)));
    onIoThread(
        () -> {
          connection.getSourceChannel().resumeReads();
          connection.close();
          connection.getSourceChannel().resumeReads();
          connection.getSourceChannel().wakeupReads();
          assertFalse(socket.getSourceChannel().isReadResumed());
          assertTrue(connection.getSourceChannel().getConduit().isReadShutdown());
          ByteBuffer[] buffers = {ByteBuffer.allocate(1)};
          assertEquals(-1, connection.getSourceChannel().read(buffers[0]));
          assertEquals(-1, connection.getSourceChannel().read(buffers, 0, 1));
          return null;
        });
  }

  /** Otherwise a thread that has no time to select would leave all sockets open. */
  @Test
  void close_ofManyConnections_isDoneByThisThreadEveryNowAndThen() throws Exception {
    List<StreamConnection> connections = new ArrayList<>();
    List<StreamConnection> clients = new ArrayList<>();
    AtomicInteger closedHere = new AtomicInteger();
    int rounds = 3;
    for (int i = 0; i < rounds * BackgroundCloseConnection.CLOSES_PER_SELECT; i++) {
      ChannelPipe<StreamConnection, StreamConnection> pipe =
          worker.createFullDuplexPipeConnection();
      clients.add(pipe.getRightSide());
      connections.add(new BackgroundCloseConnection(pipe.getLeftSide()));
      pipe.getLeftSide()
          .setCloseListener(
              closed -> {
                if (Thread.currentThread() == closed.getIoThread()) {
                  closedHere.incrementAndGet();
                }
              });
    }
    onIoThread(
        () -> {
          connections.forEach(IoUtils::safeClose);
          return null;
        });
    assertEquals(rounds, closedHere.get());
    clients.forEach(IoUtils::safeClose);
  }

  @Test
  void close_withoutAnotherThread_closesTheSocketAllTheSame() throws Exception {
    onIoThread(
        () -> {
          worker.shutdown();
          connection.close();
          return null;
        });
    assertSame(connection.getIoThread(), socketClosed.get());
  }

  @Test
  void closeOfTheSocket_closesTheConnection() throws Exception {
    socket.close();
    connectionClosed.get();
    assertFalse(connection.isOpen());
  }

  @Test
  void options_areThoseOfTheSocket() throws Exception {
    connection.setOption(Options.READ_TIMEOUT, 1234);
    assertEquals(1234, socket.getOption(Options.READ_TIMEOUT));
    assertEquals(1234, connection.getOption(Options.READ_TIMEOUT));
    assertEquals(
        socket.supportsOption(Options.TCP_NODELAY), connection.supportsOption(Options.TCP_NODELAY));
    assertSame(socket.getPeerAddress(), connection.getPeerAddress());
  }

  private void onIoThread(Callable<Void> task) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    connection
        .getIoThread()
        .execute(
            () -> {
              try {
                done.complete(task.call());
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
    done.get(20, TimeUnit.SECONDS);
  }
}
