package attolytics.bench.rig;

import attolytics.bench.process.Allocations;
import attolytics.bench.process.ServiceProcess;
import java.io.IOException;

/** A server under load, in a process of its own, and what its JVM tells. */
@SuppressWarnings("try") // the caller wants to know that it was interrupted
public record Served(ServiceProcess process, Allocations allocations) implements AutoCloseable {
  static Served of(ServiceProcess process) throws IOException {
    boolean complete = false;
    try {
      Served served = new Served(process, Allocations.of(process.pid()));
      complete = true;
      return served;
    } finally {
      if (!complete) {
        process.kill();
      }
    }
  }

  public int port() {
    return process.port();
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    allocations.close();
    process.close();
  }
}
