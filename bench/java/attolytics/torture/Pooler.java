package attolytics.torture;

import attolytics.PgBouncer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * PgBouncer in transaction mode, over all processes that it is in the course of a run. Faults come
 * from one thread at a time; {@link #close} is for any.
 */
final class Pooler implements AutoCloseable {
  /** Fewer than the instances would have by themselves, so that they share them. */
  private static final int SERVER_CONNECTIONS = 4;

  /** What sessions that it has opened are called, as a pattern of {@code LIKE}. */
  static final String APPLICATION_NAME = "% - 127.0.0.1:%";

  private final PgBouncer.Server server;
  private @Nullable PgBouncer process; // by the lock on this
  private boolean closed; // by the lock on this

  Pooler(int databasePort, String password) {
    server = new PgBouncer.Server("127.0.0.1", databasePort, Database.ROLE, password);
  }

  synchronized void start() throws IOException, InterruptedException {
    if (closed) {
      throw new IOException("PgBouncer is closed");
    }
    process =
        PgBouncer.start(
            server,
            PgBouncer.Pooling.TRANSACTION,
            SERVER_CONNECTIONS,
            // By which the server's administrator knows who comes through it.
            "application_name_add_host = 1",
            "ignore_startup_parameters = extra_float_digits,options",
            // By default it refuses clients for 15 seconds after a failed login.
            "server_login_retry = 1");
  }

  private synchronized PgBouncer process() {
    PgBouncer running = process;
    if (running == null) {
      throw new IllegalStateException("PgBouncer was never started");
    }
    return running;
  }

  /** Another one after each start. */
  int port() {
    return process().port();
  }

  long pid() {
    return process().pid();
  }

  /** Ends it, without waiting for any client. */
  void stop() {
    process().close();
  }

  @Override
  public synchronized void close() {
    closed = true;
    PgBouncer running = process;
    if (running != null) {
      running.close();
    }
  }
}
