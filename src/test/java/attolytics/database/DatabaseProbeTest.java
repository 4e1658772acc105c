package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Proxy;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** What a probe that gets no connection says of the database. */
class DatabaseProbeTest {
  private final AtomicLong commits = new AtomicLong(7);
  private boolean isCommitted;
  private final DatabaseProbe probe = new DatabaseProbe(poolWithoutConnections(), commits::get);

  private DataSource poolWithoutConnections() {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              if (isCommitted) {
                commits.incrementAndGet();
              }
              throw new SQLTransientConnectionException("no connection is free");
            });
  }

  @Test
  void silence_isAProblem() {
    probe.run();
    assertEquals("the database does not respond", probe.problem());
  }

  @Test
  void silenceWhileOthersCommit_isNone() {
    probe.run();
    isCommitted = true;
    probe.run();
    assertEquals(null, probe.problem());
    isCommitted = false;
    probe.run();
    assertEquals("the database does not respond", probe.problem());
  }
}
